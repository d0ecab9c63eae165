import { agentConfig, agentHttpConfig, agentTcpConfig } from '../src/agent/config.ts'
import { jsonSchema } from '../src/config/json-schema.ts'
import { referencePage } from '../src/config/reference-page.ts'
import type { Section } from '../src/config/section.ts'
import { forwardConfig, forwardTcpConfig } from '../src/forward/config.ts'
import { serverConfig } from '../src/server/config.ts'
import { sdkReference } from './sdk-reference.ts'

interface Page {
  readonly name: string
  readonly title: string
  readonly about: string
  readonly root: Section
  /** Whether people keep a file for it, so that editors want a schema. */
  readonly hasSchema: boolean
}

const PAGES: readonly Page[] = [
  {
    name: 'server',
    title: 'piko server',
    about:
      'Every setting of a node, for the file that `--config.path` names and as flags. An editor ' +
      'that knows [server.schema.json](server.schema.json) checks the file while you write. What ' +
      'reloads is taken over from a changed file without a restart.',
    root: serverConfig,
    hasSchema: true,
  },
  {
    name: 'agent',
    title: 'piko agent start',
    about:
      'Every setting of an agent, for the file that `--config.path` names and as flags. ' +
      'An editor that knows [agent.schema.json](agent.schema.json) checks the file while you ' +
      'write. What reloads is taken over from a changed file without a ' +
      'restart. An agent for a single endpoint needs no file: [piko agent http](agent-http.md).',
    root: agentConfig,
    hasSchema: true,
  },
  {
    name: 'agent-http',
    title: 'piko agent http',
    about: 'Every setting of an agent for one endpoint, which is named by the arguments.',
    root: agentHttpConfig,
    hasSchema: false,
  },
  {
    name: 'agent-tcp',
    title: 'piko agent tcp',
    about: 'Every setting of an agent for one TCP endpoint, which is named by the arguments.',
    root: agentTcpConfig,
    hasSchema: false,
  },
  {
    name: 'forward',
    title: 'piko forward start',
    about:
      'Every setting of a forward, for the file that `--config.path` names and as flags. An ' +
      'editor that knows [forward.schema.json](forward.schema.json) checks the file while you ' +
      'write. A single port needs no file: [piko forward tcp](forward-tcp.md).',
    root: forwardConfig,
    hasSchema: true,
  },
  {
    name: 'forward-tcp',
    title: 'piko forward tcp',
    about: 'Every setting of a forward with one port, which is named by the arguments.',
    root: forwardTcpConfig,
    hasSchema: false,
  },
]

const SDK_ABOUT =
  "Everything that `import … from 'piko'` gives. How to use it: [the SDK](../manage/sdk.md)."

/** The generated part of docs/reference: each file's text by its name. */
export function referenceFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const { name, title, about, root, hasSchema } of PAGES) {
    files.set(`${name}.md`, withIntroduction(referencePage(root, title), about))
    if (!hasSchema) continue
    files.set(`${name}.schema.json`, `${JSON.stringify(jsonSchema(root, title), undefined, 2)}\n`)
  }
  files.set('sdk.md', withIntroduction(sdkReference(), SDK_ABOUT, 'comments in src/client'))
  return files
}

/** Says behind the page's title what it is, and where it comes from. */
function withIntroduction(page: string, about: string, source = 'sections in src'): string {
  const [title, ...rest] = page.split('\n')
  const origin = `<!-- Written by \`npm run docs\` from the ${source}. -->`
  return [title, '', about, '', origin, ...rest].join('\n')
}
