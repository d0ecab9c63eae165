import type { Victim } from './attack.ts'
import { ATTACKS } from './attacks.ts'

/** The attacker's process: `attacker.ts <name of the attack> <victim as JSON>`. */
const [name, victim = ''] = process.argv.slice(2)
const attack = ATTACKS.find((candidate) => candidate.name === name)
if (attack === undefined) throw new Error(`no attack ${name}`)
process.once('disconnect', () => process.exit())
await attack.begin(JSON.parse(victim) as Victim)
process.send?.('begun')
