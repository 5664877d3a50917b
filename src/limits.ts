// Every bound of the broker, with its unit and its reason. Knows no rule.

/** A call's lease at its desk: renewed every heartbeat, free when it ran out. Three heartbeats may be lost before a slot is (rules H, TTL). */
export const leaseTtlMs = 30_000
export const heartbeatMs = 10_000
/** Heartbeats come sooner by up to this share, so that calls which began together do not beat together; later they never come: what a lost call may not have told is 10 s of it (L1). */
export const heartbeatJitter = 0.2

/** A call's record is kept for so long after its end: a month and the days in which it is billed (S2). In Redis all else of a desk as well, after its last write. */
export const keptMs = 35 * 86_400_000

/** A pool that lost its store grants nothing new for so long: by then every desk with live calls has said what it holds (P10: 1.25 H). */
export const learningMs = 12_500
/** A desk waits this long for its pool before it tells the caller to wait, and this long before the pool's unasked word counts again. */
export const shareMs = 300
export const shareTimeoutMs = 5_000
/** While another host asks for the same desk a caller waits this long for what comes of it: some answers of a pool. */
export const shareElsewhereMs = 10
/** Where callers wait for a pool that did not answer it is asked again after this. */
export const shareAgainMs = 1_000
/** What a call had goes back to its pool within this, in one word with what others freed; where nobody of its desk waits for it (P9: 1 s). */
export const freedMs = 250

/** A newcomer is taken to need so many tokens in its first minute, until so many calls of its tenant have shown theirs (P3). */
export const firstMinuteTokens = 6_000
export const firstMinuteCalls = 20
/** A call's load is predicted from its replies of this time (P4). */
export const paceMs = 120_000

/**
 * A newcomer's first reply is taken to need this, until so many calls of its tenant have shown theirs (L4): instructions, tools and a short
 * answer. Fifty starters who come at once must find room in their hour. Micro-dollars: at 13 a token, which is $0.08 for a minute of 6,000.
 */
export const firstReply = { input: 800, output: 200, micro_usd: 13_000 }
/** Keys, models and agents that are told apart in one window of the ledger: agents are named by callers. */
export const cellsMost = 200
/** How long what was used in a window is kept after its end: hours to look a week back, days as call records, months to compare with last year's. */
export const pageKeptMs = { hour: 8 * 86_400_000, day: keptMs, month: 400 * 86_400_000 }
/** A page of what was used ends when so many balances were read: some 100 ms over SQL, in which the desk does nothing else. */
export const usageEntriesMost = 20_000
/** How long it is kept what was done to a tenant (A3), and how long a value is in JSON that is kept whole. */
export const auditKeptMs = 365 * 86_400_000
export const auditCharacters = 2_000
/** The spend of so long is taken for a rate (L7), in steps of so long. */
export const burnMs = 600_000
export const burnStepMs = 10_000

/** The provider's upgrade takes some 300 ms; beyond this the caller is told rather than kept (B1). */
export const dialTimeoutMs = 10_000

/** Some clients begin to listen only after their `open` event has run: nothing is sent to a caller earlier (H2). */
export const firstFrameDelayMs = 20
/** Some clients reconnect without back-off when they are closed: a refused caller hears why at once and is closed at least 2 s later (H5), also where the network brings the two nearer. */
export const lateCloseMs = 2_200
/** A provider whose reply is broken off is closed after this at the latest (C6: 250 ms): by then it has reported what the reply cost. */
export const cancelGraceMs = 200
/** A peer that does not answer our close is terminated after this (C7). */
export const closeTimeoutMs = 1_000
/** Wrapping waits this long until the reply that is being spoken was heard, then goes on anyway (C9); in a process that must end, this long. */
export const wrapTimeoutMs = 30_000
export const drainReplyMs = 10_000

/** What a tenant may set as its longest call, beside its plan's: in less nobody has said anything; a day is the most of any plan. */
export const longestCallSecondsLeast = 5
export const longestCallSecondsMost = 86_400

/** One frame of a caller (C8). Frames are counted in UTF-16 units, as strings have them: audio is ASCII, there a unit is a byte. OpenAI takes appends up to 15 MiB; a tenant may be given that much. */
export const frameBytes = 1024 * 1024
export const frameBytesMost = 15 * 1024 * 1024

/** One frame of a provider, bytes: as workerd has it. */
export const upstreamFrameBytes = 32 * 1024 * 1024
/** On Node a frame so many bytes above its bound is still read, so that its sender is told how large it was. */
export const frameMargin = 64 * 1024
/** Of one message that is not complete: so many fragments or reads, and one more for each so many bytes that it may have. Stock clients do not fragment; a read is an IP packet at least. 20 sockets of 16,000 one-byte fragments took 133 MB under the defaults of `ws` (2026-11-20). */
export const fragmentsLeast = 64
export const fragmentBytes = 16 * 1024
export const readsLeast = 1_024
export const readBytes = 1_024
/** Pongs that wait for one peer to read them. */
export const pongsWaiting = 60

/** What a caller may say before its provider answers: control events in order (C2), and audio: a minute of PCM16 at 24 kHz in base64. */
export const earlyEvents = 64
export const earlyEventBytes = 256 * 1024
export const earlyAudioBytes = 4 * 1024 * 1024

/** Frames a second that a caller may keep up, and how many at once: 20 ms frames are 50 a second (C8). */
export const framesPerSecond = 200
export const framesBurst = 2_000
/** Bytes a second that a caller may keep up: 4 × PCM16 at 24 kHz in base64 (64,000 B/s); the burst lets a recording be sent at once (C8). */
export const bytesPerSecond = 4 * 64_000
export const bytesBurst = 16 * 1024 * 1024

/** Beyond this much unsent towards a peer a host that can stops reading the other side; beyond `lagBytes` for `lagMs` the call ends (C8). */
export const pauseBytes = 256 * 1024
export const lagBytes = 1024 * 1024
export const lagMs = 5_000
/** A peer whose backlog keeps the other side from being read, and that has taken no byte of it for so long, is gone, whatever TCP says. */
export const stuckMs = 30_000
/** A caller that is not read for now is written to so often: the second time at the latest says that it has gone (C6: within 1 s). */
export const knockMs = 400
/** A connection that is silent for so long is asked by TCP whether it is there, each second, ten times. */
export const keepAliveMs = 10_000

/** The edge of the Node host (facts: OWASP ASVS 5.0, 4 and 15): a request's head, its address, how long a head and a whole request may take. */
export const headBytes = 16 * 1024
export const headFields = 64
export const addressBytes = 8 * 1024
export const headMs = 5_000
export const requestMs = 60_000
/** An idle HTTP connection is kept longer than proxies keep theirs (60 s as a rule): whoever closes first has no request under way. */
export const idleMs = 75_000

/**
 * Upgrades that may come at once and each second (H6). A key's burst is a tenant of 1,000 callers whose connections were all cut; its rate
 * keeps 1,000 calls of twenty seconds going, and stops a client that reconnects in a loop (hundreds a second). An address may be an
 * office's, or a platform's that serves several tenants.
 */
export const upgradesByKey = { burst: 1_000, perSecond: 50 }
export const upgradesByAddress = { burst: 2_000, perSecond: 100 }
/** What a refused upgrade counts: who comes three times as often as it may is let in no more until it slows down; a crowd that backs off is. */
export const refusedCounts = 1 / 3
/** How long who comes in a loop must pause before it is let in: longer than the gaps that a loop has by itself. */
export const refusedOverMs = 1_000
/**
 * The answer to a refused upgrade is held back so long, of so many for one comer and in all: who comes in a loop, and waits for each answer,
 * comes once a second. Who comes so soon after an answer has not paused at all; one that does pause finds the gap.
 */
export const heldMs = 1_000
export const heldAnswers = 8
export const heldAnswersInAll = 1_000
export const tooSoonMs = 50
/** Upgrades of an address that were refused for their key (K6): a fleet that was not told of a new key, then one try a second. */
export const failuresByAddress = { burst: 100, perSecond: 1 }
/** Addresses, and keys, that are remembered for this: some 100 bytes each. */
export const stormNames = 20_000

/**
 * From where a process takes in no new trial calls, and no new calls at all: its loop's delay (audio is late by that: 50 ms
 * are heard; a crowd that comes at once holds it up for longer and is served, but nobody can talk through a second), its memory, and its calls as a share of those that its file descriptors are enough for.
 */
export const strainEdges = {
  some: { loopDelayMs: 50, memory: 0.8, calls: 0.95 },
  full: { loopDelayMs: 1_000, memory: 0.9, calls: 1 },
}
/** A strain is over below this share of its edge. */
export const strainEases = 0.8

/** How often a node says that it is there. */
export const nodeBeatMs = 5_000
/** A call that lost its lease and never came back is closed after this long: its own host reports it long before. */
export const lostAfterMs = 600_000

/** A control event before it is parsed (R3). 4,500 nested arrays are enough to break JSON.stringify; real events nest under 16 deep. */
export const eventDepth = 64
export const eventKeys = 10_000

/** A WebSocket close reason (RFC 6455, 5.5). */
export const closeReasonBytes = 123

/** Admin and tenant request bodies. */
export const bodyBytes = 256 * 1024
/** Keys that one tenant may have, revoked ones not counted. */
export const keysPerTenant = 50

/** The label of an agent. */
export const agentCharacters = 64

/** What a door is told of who calls: a phone number, an id of the tenant's own. */
export const callerCharacters = 64
/** A key's head start in the queue (G3): more would be a queue of its own. */
export const headStartSecondsMost = 3_600

/** Webhooks (A5). A tenant's endpoints, and one's address. */
export const hooksPerTenant = 5
export const hookUrlCharacters = 2_048
/** Messages of one tenant that wait for an endpoint: an hour of calls that end every two seconds, some 1 MB; beyond it the oldest is dropped. */
export const messagesWaiting = 2_000
/** After each attempt that failed a message waits so long, and up to a fifth longer (Standard Webhooks, deliverability): ten attempts in 76 to 91 hours. */
export const messageRetriesMs = [
  5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000,
]
export const messageRetryJitter = 0.2
/** An endpoint that fails is left alone for so long, after the first failure, the second and so on: what waits for it tries it one at a time. */
export const hookRestsMs = [5_000, 20_000, 80_000, 300_000]
/** Who takes a message to send it has it for so long: an attempt, and what it takes to note its outcome. Then another may. */
export const messageClaimMs = 30_000
/** No message waits for longer, as one of many may that an endpoint is tried with one at a time: ten attempts of one alone take so long at most. */
export const messageWaitMsMost =
  messageRetriesMs.reduce((sum, ms) => sum + ms, 0) * (1 + messageRetryJitter) +
  (messageRetriesMs.length + 1) * messageClaimMs
/** An endpoint has so long to answer (Standard Webhooks: 15 to 30 s); of its answer so much is read, and dropped. */
export const webhookTimeoutMs = 15_000
export const webhookAnswerBytes = 64 * 1024
/** A name server has so long to answer, each time that it is asked: three of them, as many as a resolv.conf has, are through within the bound above. */
export const nameServerMs = 2_000
export const nameServerTries = 2
/** Attempts under way in one process, and of one tenant. */
export const webhooksAtOnce = 20
export const webhooksAtOnceOfDesk = 4

/** Usage reports that wait for the desk to take them in: an hour of replies every two seconds. */
export const unpostedReports = 2_000
/**
 * Reports that a call knows again, so that one which comes twice counts once in its record: a reply and a transcription every two seconds
 * of the longest session, 60 min. Some 80 bytes each: 300 KB in such a call, under 10 KB in ten minutes of ordinary talk. Its desk knows each
 * for good.
 */
export const knownReports = 4_000
/** What one report may say (L2); more is no amount. Tokens (or characters): ten times the largest context, 128,000. Seconds: ten times the longest session, 60 min. */
export const reportTokens = 1_280_000
export const reportSeconds = 36_000
/** A second of session time that has no price is debited as the tokens of a second of speech: assistant audio is 1 token per 50 ms (OpenAI's realtime-costs guide). */
export const speechTokensPerSecond = 20

/** A caller that waits (rules H1, H3). The first line waits this long for the `session.update` that names its format: most clients send it on `open`; H1 gives 1 s. */
export const firstLineMs = 400
/** A better place is told at most this often. */
export const queueUpdateMs = 15_000
/** Something is sent at least every 25 s, or a proxy takes the socket for dead; 5 s less, because alarms come late. */
export const queueAliveMs = 20_000
/** Waiting calls are ticked by their desk (H7): together, when they are due in the same second; again after this, when one does not answer. */
export const tickStepMs = 1_000
export const tickAgainMs = 5_000
/** A waiting call asks its desk by itself no oftener than this, should the desk have forgotten it. */
export const parkedBeatMs = 60_000
/** What it is told and asks for is kept for its next life this much later: once for a burst of events. A silent object sleeps after 10 s. */
export const parkAfterMs = 100
/** What is learned of calls is a mean over so many: of lengths as uneven as log-normal ones (sigma 1) it is then within 20 % nine times in ten; five busy lines show as many in an hour. */
export const meanCalls = 100
/** A wait is estimated from this many calls, and this many a line: of lines that fill at once the short calls end first. */
export const etaSamples = 10
export const etaSamplesPerLine = 3
/** It is told in steps that people can use; a short one in finer steps, where five seconds would be half of it. */
export const etaStepMs = 5_000
export const etaShortMs = 30_000
export const etaShortStepMs = 1_000

/** What the broker says itself leaves in deltas of this length, this far ahead of the clock: enough for a late timer, little to unsay. */
export const speechChunkMs = 200
export const speechLeadMs = 400
/** A line that nobody reported as spoken counts as spoken after this: the longest line and half as much again. */
export const speechTimeoutMs = 15_000

/** A line that a tenant uploads. */
export const wavBytes = 1024 * 1024
/** Uploads that one tenant may have: every line in ten languages. At most 640 KB each, in all formats. */
export const soundsPerTenant = 50
/** Sounds that one process keeps ready to be spoken, in base64 units: some twenty of the longest. An isolate has 128 MB for all its objects. */
export const readySoundBytes = 16 * 1024 * 1024
export const lineMsLeast = 200
export const lineMsMost = 10_000
/** A line as text: some 30 s when read aloud. */
export const lineCharacters = 400

/** Who is told to come back within this is told that a retry is welcome (L9): the openai SDK keeps to waits of up to 60 s, and else comes back after seconds. */
export const retrySoonMs = 60_000

/** Redis answers within this or the decision is refused; with a hop to another master, begun within so long, a decision takes 500 ms at most (S3). */
export const storeAnswerMs = 350
export const storeHopMs = 80
/** A decision of several such answers, with the wait for a pool between them, is refused after this (S3: 500 ms). */
export const decisionMs = 450
/** A server that is back serves within 5 s (S3): a connection is given up after the first, tried again after the second at most, and looked at each beat. */
export const storeConnectMs = 1_000
export const storeRetryMs = 2_000
export const storeBeatMs = 1_000
