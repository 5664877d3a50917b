// The `trunkline` command: puts the groups of verbs together, each a file of its own, and turns outcomes into exit codes.
import { Command, CommanderError } from 'commander'
import { Misuse } from '../broker/given.ts'
import { planVerbs } from './plan.ts'
import { exitCodes, terminal } from './terminal.ts'

const groups = [planVerbs]

// `trunkline plan check | head` must not end in a stack trace.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

const command = new Command('trunkline')
  .description('What operators of Trunkline do from a terminal.')
  .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 what was checked does not hold.')
for (const group of groups) command.addCommand(group(terminal))
strict(command)
try {
  await command.parseAsync()
} catch (error) {
  terminal.exit(failed(error))
}

/** Commander hands nothing of this down to commands that are added to others. */
function strict(command: Command): void {
  command.exitOverride().showHelpAfterError('Run with --help for what there is.')
  for (const below of command.commands) strict(below)
}

function failed(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  terminal.talk(error instanceof Error ? error.message : String(error))
  return error instanceof Misuse ? exitCodes.usage : exitCodes.failed
}
