// How V8 keeps the heap of this process: the first file that is loaded, since what runs before would be kept the other way. Knows nothing else.
import { setFlagsFromString } from 'node:v8'

/**
 * V8 puts what often outlives a collection into the old space at once. Of the buffers of frames some do, while they wait for the kernel, so a
 * tenth of all that the frame path needs went there, for the full collections to find (2026-11-25, docs/PERFORMANCE.md). Unlike the size of the
 * young space it can be set in a running process: v8.setFlagsFromString is of Node's own API, and V8 asks for this flag at each collection.
 */
setFlagsFromString('--no-allocation-site-pretenuring')
