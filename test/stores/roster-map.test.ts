// The contracts on Maps.
import { MapRoster } from '../../src/roster-map.ts'
import { outboxContract } from '../contract/outbox-streams.ts'
import { poolContract } from '../contract/pool-streams.ts'
import { rosterContract, type Home } from '../contract/roster.ts'
import { streamContract } from '../contract/streams.ts'

const home: Home = async (work) => {
  const rosters = new Map<string, MapRoster>()
  work((name) => {
    const roster = rosters.get(name) ?? new MapRoster()
    rosters.set(name, roster)
    return roster
  })
}

rosterContract(home)
streamContract('Maps', home, 10_000)
poolContract('Maps', home, 10_000)
outboxContract('Maps', home, 10_000)
