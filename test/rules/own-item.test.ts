// What a caller asks of items that the broker made: answered by us; of all others: left alone.
import { expect, test } from 'vitest'
import { errorEvent } from '../../src/refusal.ts'
import type { ControlEvent } from '../../src/realtime/control-event.ts'
import { idsOf, mentionsOurs, OwnItems, type Answer, type OwnItem } from '../../src/realtime/own-item.ts'
import { faultsOf, type Event } from '../sim/client.ts'

const id = 'item_trunkline_b2c3d4_1'
const text = 'All our lines are busy. Please stay on the line.'

function item(change: Partial<OwnItem> = {}): OwnItem {
  return { id, reply: 'resp_trunkline_1', after: null, as: 'audio', status: 'completed', text, ms: 2_000, ...change }
}

function ask(event: ControlEvent, ...items: OwnItem[]): Answer | undefined {
  return new OwnItems(items).answer(event, idsOf('call_1'))
}

function create(previous_item_id: string): ControlEvent {
  return { type: 'conversation.item.create', item: {}, previous_item_id }
}

function answerOf(answer: Answer | undefined): Event {
  if (answer?.is !== 'answered') throw new Error(`not answered: ${answer?.is}`)
  const event = JSON.parse(answer.frame) as Event
  expect(faultsOf(event)).toEqual([])
  return event
}

test('[H2] ids of ours are the call’s, and go on where an earlier life stopped', () => {
  const ids = idsOf('call_0193a1b2c3d4', 35)
  expect([ids('item'), ids('event'), ids.next]).toEqual([
    'item_trunkline_a1b2c3d4_z',
    'event_trunkline_a1b2c3d4_10',
    37,
  ])
})

test('[H2] the next item follows the last that is there', () => {
  const items = new OwnItems()
  expect(items.last).toBeNull()
  for (const one of [item(), item({ id: 'item_trunkline_2' })]) items.add(one)
  expect(items.last).toBe('item_trunkline_2')
  items.answer({ type: 'conversation.item.delete', item_id: 'item_trunkline_2' }, idsOf('call_1'))
  expect(items.last).toBe(id)
})

test('[H2] an item of ours is retrieved as it was spoken or written', () => {
  const retrieve = { type: 'conversation.item.retrieve', item_id: id }
  expect(answerOf(ask(retrieve, item()))).toMatchObject({
    type: 'conversation.item.retrieved',
    item: { id, status: 'completed', role: 'assistant', content: [{ type: 'output_audio', transcript: text }] },
  })
  expect(answerOf(ask(retrieve, item({ as: 'text' })))).toMatchObject({
    item: { content: [{ type: 'output_text', text }] },
  })
})

test('[H2] an item of ours is truncated: what was not heard is not in its transcript any more', () => {
  const items = new OwnItems([item()])
  const truncate = { type: 'conversation.item.truncate', item_id: id, content_index: 0, audio_end_ms: 1_000 }
  expect(answerOf(items.answer(truncate, idsOf('call_1')))).toMatchObject({
    type: 'conversation.item.truncated',
    item_id: id,
    content_index: 0,
    audio_end_ms: 1_000,
  })
  expect(items.all[0]?.text).toBe('All our lines are busy.')
  items.answer({ ...truncate, audio_end_ms: 0 }, idsOf('call_1'))
  expect(items.all[0]?.text).toBe('')
})

test('[H2] a truncation beyond the end, or with numbers that are none, does no harm', () => {
  for (const [audio_end_ms, then] of [
    [9_000, text],
    [2_000, text],
    [-1, ''],
    ['x', ''],
    [1e300, ''],
  ] as const) {
    const items = new OwnItems([item()])
    const event = { type: 'conversation.item.truncate', item_id: id, content_index: null, audio_end_ms }
    answerOf(items.answer(event, idsOf('call_1')))
    expect(items.all[0]?.text).toBe(then)
  }
})

test('[H2] a truncation of a line in mid-word is answered, and the line goes on', () => {
  const items = new OwnItems()
  items.add(item({ status: 'in_progress', text: 'All our li' }))
  const truncate = { type: 'conversation.item.truncate', item_id: id, content_index: 0, audio_end_ms: 100 }
  answerOf(items.answer(truncate, idsOf('call_1')))
  expect(items.all[0]?.text).toBe('All our li')
})

test('[H2] an item of ours is deleted once', () => {
  const items = new OwnItems([item()])
  const event = { type: 'conversation.item.delete', item_id: id, event_id: 'mine' }
  expect(answerOf(items.answer(event, idsOf('call_1')))).toMatchObject({
    type: 'conversation.item.deleted',
    item_id: id,
  })
  const again = items.answer(event, idsOf('call_1'))
  if (again?.is !== 'refused') throw new Error('not refused')
  const error = errorEvent(again.refusal, 'event_1', again.causedBy)
  expect(error.error).toMatchObject({ code: 'item_delete_invalid_item_id', param: 'item_id', event_id: 'mine' })
  expect(items.last).toBeNull()
})

test('[H2] items of the provider are none of ours', () => {
  for (const type of ['retrieve', 'truncate', 'delete']) {
    const event = { type: `conversation.item.${type}`, item_id: 'item_C9G8pGVKYnaZu8PH5YQ9O', content_index: 0 }
    expect(ask(event, item())).toBeUndefined()
  }
  expect(ask({ type: 'conversation.item.create', previous_item_id: 'root', item: {} }, item())).toBeUndefined()
  expect(ask({ type: 'conversation.item.retrieve' }, item())).toBeUndefined()
  expect(ask({ type: 'conversation.item.delete', item_id: { toString: 1 } }, item())).toBeUndefined()
})

test('[H2] an item after one of ours goes after what the provider knows of before it', () => {
  const [first, second] = [item(), item({ id: 'item_trunkline_2', after: id })]
  const third = item({ id: 'item_trunkline_3', after: 'item_theirs' })
  for (const [given, passed] of [
    [first.id, 'root'],
    [second.id, 'root'],
    [third.id, 'item_theirs'],
    ['item_trunkline_deleted', 'root'],
  ] as const) {
    const answer = ask(create(given), first, second, third)
    expect(answer).toEqual({ is: 'rewritten', frame: JSON.stringify(create(passed)) })
  }
})

test('[H2] a cancel is ours by the id of the line that we speak, or by none while we speak', () => {
  const [items, cancel] = [new OwnItems([item()]), { type: 'response.cancel' }]
  const asked = (event: object): unknown => items.answer({ ...cancel, ...event }, idsOf('call_1'))
  expect([asked({}), asked({ response_id: 'resp_theirs' })]).toEqual([undefined, undefined])
  expect(ask(cancel)).toBeUndefined()
  items.add(item({ id: 'item_trunkline_2', reply: 'resp_trunkline_2', status: 'in_progress' }))
  expect([asked({}), asked({ response_id: 'resp_trunkline_2' })]).toEqual([{ is: 'cancelled' }, { is: 'cancelled' }])
  expect(asked({ response_id: 'resp_theirs' })).toBeUndefined()
})

test('[H2] a cancel of a line of ours that is over is dropped: nobody has anything to break off', () => {
  const [items, cancel] = [new OwnItems([item()]), { type: 'response.cancel', response_id: 'resp_trunkline_1' }]
  expect(items.answer(cancel, idsOf('call_1'))).toEqual({ is: 'dropped' })
  items.add(item({ id: 'item_trunkline_2', reply: 'resp_trunkline_2', status: 'in_progress' }))
  expect(items.answer(cancel, idsOf('call_1'))).toEqual({ is: 'dropped' })
})

test('[H2] a line whose item was deleted while we speak may still be broken off', () => {
  const items = new OwnItems([item({ status: 'completed' })])
  const speaking = item({ id: 'item_trunkline_2', status: 'in_progress' })
  items.add(speaking)
  items.answer({ type: 'conversation.item.delete', item_id: speaking.id }, idsOf('call_1'))
  expect(items.answer({ type: 'response.cancel' }, idsOf('call_1'))).toEqual({ is: 'cancelled' })
})

test('[H2] a line that an earlier life was in the middle of goes no further, and is not to be broken off', () => {
  const left = item({ status: 'in_progress' })
  const items = new OwnItems([left])
  expect(items.all).toEqual([{ ...left, status: 'incomplete' }])
  expect(items.answer({ type: 'response.cancel' }, idsOf('call_1'))).toBeUndefined()
})

test('[H2] a frame that cannot be about ours is not even parsed', () => {
  expect(mentionsOurs('{"type":"conversation.item.retrieve","item_id":"item_C9G8"}')).toBe(false)
  expect(mentionsOurs(`{"type":"conversation.item.retrieve","item_id":"${id}"}`)).toBe(true)
  expect(mentionsOurs('{"type":"response.cancel"}')).toBe(true)
})
