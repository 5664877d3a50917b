// Keeps a scrolling list at its end, unless the reader has scrolled up.
import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** How far from the end, in pixels, still counts as reading along. */
const nearPx = 40

export function useScrollEnd<Kind extends HTMLElement>(grown: unknown): RefObject<Kind | null> {
  const list = useRef<Kind>(null)
  const height = useRef(0)
  useLayoutEffect(() => {
    const element = list.current
    if (element === null) return
    const wasAtEnd = height.current - element.scrollTop - element.clientHeight < nearPx
    if (wasAtEnd) element.scrollTop = element.scrollHeight
    height.current = element.scrollHeight
  }, [grown])
  return list
}
