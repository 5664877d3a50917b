// A file that a reader sees whole or not at all: written beside its place and renamed into it.
// Refuses to know what is in it.
import { chmod, rename, rm, writeFile } from 'node:fs/promises'

export async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`
  try {
    await writeFile(draft, text, { mode })
    // The mode above is cut by the umask and ignored when a draft of a crash is still there.
    await chmod(draft, mode)
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
