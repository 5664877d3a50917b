#!/bin/sh
# Makes the two questions of the bundled caller: 24 kHz mono μ-law WAV, a synthetic voice. Needs espeak-ng and sox.
set -eu
cd "$(dirname "$0")"

say() {
  espeak-ng -v en-us+f3 -s 165 -p 45 --stdout "$2" |
    # Trimmed of silence at both ends, levelled, with a breath of 80 ms around it, so that no onset is clipped.
    sox -R -t wav - -r 24000 -c 1 -e u-law "$1" \
      silence 1 0.02 0.5% reverse silence 1 0.02 0.5% reverse norm -3 pad 0.08 0.08
}

say question-1.wav 'Hello, what time is it in Lisbon?'
say question-2.wav 'Thank you, and how is the weather there?'
