import { fileURLToPath } from 'node:url'

/** The program itself: what bin/piko links to. */
export const PIKO = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
