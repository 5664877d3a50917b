// Two functions that the page answers itself, so that function calling can be seen without a back end.
import { pickText } from './wire-event.ts'

export const toolDefinitions = [
  {
    type: 'function',
    name: 'get_time',
    description: 'The local time in a city.',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string' },
        time_zone: { type: 'string', description: 'IANA time zone of the city, such as Europe/Lisbon' },
      },
      required: ['city', 'time_zone'],
    },
  },
  {
    type: 'function',
    name: 'get_weather',
    description: 'The weather in a city, now.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
] as const

/** The output as JSON text. Whatever the arguments are, there is an answer: a call must not hang on a tool. */
export function answerTool(name: string, argumentsJson: string, now: Date): string {
  const given = parse(argumentsJson)
  const city = pickText(given, 'city') ?? 'unknown'
  switch (name) {
    case 'get_time':
      return JSON.stringify({ city, ...clockIn(pickText(given, 'time_zone'), now) })
    case 'get_weather':
      return JSON.stringify({ city, sky: 'sunny', celsius: 21, source: 'made up by the page' })
    default:
      return JSON.stringify({ error: `The page has no function ${name}.` })
  }
}

function clockIn(timeZone: string | undefined, now: Date): { time: string; time_zone: string } {
  try {
    const zone = timeZone ?? 'UTC'
    const time = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' }).format(now)
    return { time, time_zone: zone }
  } catch {
    return clockIn('UTC', now)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
