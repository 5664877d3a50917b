#!/bin/sh
# Speaks lines.txt into <name>.ulaw: headerless mu-law, 8 kHz, mono. Needs espeak-ng and sox.
set -eu
cd "$(dirname "$0")"
while IFS='|' read -r name text; do
  espeak-ng -v en-us+f3 -s 165 -w "/tmp/sim-$name.wav" "$text"
  # Trim the silence at both ends, level to -3 dBFS, band-limit for 8 kHz; no dither, so that each run gives the same bytes.
  sox -D -R "/tmp/sim-$name.wav" -t raw -e mu-law -b 8 -r 8000 -c 1 "$name.ulaw" \
    silence 1 0.02 0.5% reverse silence 1 0.02 0.5% reverse highpass 120 norm -3
  rm "/tmp/sim-$name.wav"
done < lines.txt
