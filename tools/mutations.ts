// The changes that can be made to a source: one comparison, condition or statement each. Knows no test.
import { readFileSync } from 'node:fs'
import { parseSync } from 'vite'

export const root: URL = new URL('../', import.meta.url)

export interface Mutant {
  file: string
  line: number
  change: string
  source: string
}

interface Node {
  type: string
  start: number
  end: number
  [field: string]: unknown
}

const inverse: Record<string, string[]> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '&&': ['||'],
  '||': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
  '??=': ['='],
  '++': ['--'],
}

/** Every change to one file, each as the whole text that it would be. */
export function mutantsOf(file: string): Mutant[] {
  const source = readFileSync(new URL(file, root), 'utf8')
  const mutants: Mutant[] = []
  const change = (start: number, end: number, text: string): void => {
    const mutated = source.slice(0, start) + text + source.slice(end)
    if (parseSync(file, mutated).errors.length > 0) throw new SyntaxError(`no program: ${file}, ${text}`)
    const from = source.lastIndexOf('\n', start - 1) + 1
    const to = source.indexOf('\n', end)
    const line = source.slice(0, start).split('\n').length
    const [before, after] = [
      onOneLine(source.slice(from, to)),
      onOneLine(mutated.slice(from, to + text.length - (end - start))),
    ]
    mutants.push({ file, line, change: `${before} → ${after}`, source: mutated })
  }
  const text = (node: Node): string => source.slice(node.start, node.end)

  const visit = (node: Node): void => {
    const operands = [node['left'], node['right']] as [Node, Node]
    switch (node.type) {
      case 'BinaryExpression':
      case 'LogicalExpression':
      case 'AssignmentExpression': {
        const operator = node['operator'] as string
        const [left, right] = operands
        const at = source.indexOf(operator, left.end)
        for (const other of inverse[operator] ?? []) change(at, at + operator.length, other)
        if (operator === '??') for (const side of [left, right]) change(node.start, node.end, text(side))
        break
      }
      case 'UpdateExpression':
        change(node.start, node.end, text(node).replace('++', '--'))
        break
      case 'UnaryExpression':
        if (node['operator'] === '!') change(node.start, node.start + 1, '')
        break
      case 'ConditionalExpression': {
        const test = node['test'] as Node
        change(test.start, test.end, `!(${text(test)})`)
        break
      }
      case 'IfStatement': {
        const test = node['test'] as Node
        for (const always of ['true', 'false']) change(test.start, test.end, always)
        break
      }
      case 'ExpressionStatement':
      case 'ForOfStatement':
      case 'ForStatement':
        change(node.start, node.end, ';')
        break
      case 'Property':
        if ((node['value'] as Node).type === 'ArrowFunctionExpression')
          change(node.start, node.end + (/^\s*,/.exec(source.slice(node.end))?.[0].length ?? 0), '')
        break
      case 'Literal':
        if (typeof node['value'] === 'boolean') change(node.start, node.end, String(!node['value']))
        break
      case 'MemberExpression':
        if (text(node) === 'Math.max') change(node.start, node.end, 'Math.min')
        else if (text(node) === 'Math.min') change(node.start, node.end, 'Math.max')
        break
      default:
    }
    const keeps = new Set(['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression'])
    for (const [field, value] of Object.entries(node)) {
      if (keeps.has(node.type) ? field !== 'expression' : /^type|Type|^implements$/.test(field)) continue
      for (const child of Array.isArray(value) ? (value as unknown[]) : [value])
        if (isNode(child) && (keeps.has(child.type) || !child.type.startsWith('TS'))) visit(child)
    }
  }
  for (const statement of parseSync(file, source).program.body) visit(statement as unknown as Node)
  return mutants
}

function onOneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ').slice(0, 160)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string' && 'start' in value
}
