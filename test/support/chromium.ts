// A Chromium with a fake microphone that says what a file says. Knows no page.
import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const named = process.env['TRUNKLINE_CHROMIUM']
const usual = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** The one that is named, or else the first of the usual places. */
export const chromiumPath: string | undefined = (named === undefined ? usual : [named]).find((place) =>
  existsSync(place),
)

/** A machine that is there to prove things must have one. */
export const chromiumRequired: boolean = Boolean(process.env['CI']) || Boolean(process.env['TRUNKLINE_REQUIRE_BROWSER'])

export const chromiumMissing =
  'No Chromium was found, so whole calls in a browser are not tested. Install one, or set TRUNKLINE_CHROMIUM to its path.'

export function launchChromium(microphone: string): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath ?? '',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${microphone}%noloop`,
    ],
  })
}
