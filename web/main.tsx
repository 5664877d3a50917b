// Starts the page.
import { render } from 'preact'
import { openBoard } from './board.ts'
import { Page } from './page.tsx'

const root = document.getElementById('page')
if (root !== null) render(<Page board={openBoard()} />, root)
