/** The layers of ARCHITECTURE.md as rules: arrows point down, and nothing runs in circles. */

const CORES = 'yamux|gossip|cluster|http1'
const SHELL = 'net|config|log|metrics|auth'

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })
const inside = (folders) => `^src/(${folders})/`

module.exports = {
  forbidden: [
    forbid(
      'no-cycles',
      'Files that import each other cannot be understood one at a time.',
      {},
      {
        circular: true,
      },
    ),
    forbid(
      'pure-cores',
      'std and the cores take bytes and `now`; packages and node:* belong to the layers above.',
      { path: inside(`std|${CORES}`), pathNot: '\\.test\\.ts$' },
      { pathNot: '^src/' },
    ),
    forbid(
      'std-is-the-floor',
      'std imports only std.',
      { path: inside('std') },
      {
        path: '^src/(?!std/)',
      },
    ),
    ...CORES.split('|').map((core) =>
      forbid(
        `core-${core}`,
        'A core imports std and itself. Cores never import each other.',
        { path: inside(core) },
        { path: `^src/(?!std/|${core}/)` },
      ),
    ),
    forbid(
      'shell-layer',
      'Sockets, files and clocks know nothing of Piko programs.',
      { path: inside(SHELL) },
      { path: inside('client|server|agent|forward|bench|cli') },
    ),
    forbid(
      'client-is-light',
      'A program that imports the SDK loads no server code and no configuration library.',
      { path: inside('client') },
      { path: '^src/(?!client/|net/|yamux/|std/)' },
    ),
    forbid(
      'server-is-alone',
      'The server never imports a program that talks to it.',
      { path: inside('server') },
      { path: inside('client|agent|forward|bench|cli') },
    ),
    forbid(
      'programs-below-cli',
      'Programs built on the SDK know neither the server nor the command line.',
      { path: inside('agent|forward|bench') },
      { path: inside('server|cli') },
    ),
    forbid(
      'admin-sees-interfaces',
      'admin declares the small status interfaces that it reads.',
      {
        path: '^src/server/admin/',
      },
      { path: '^src/server/(?!admin/)' },
    ),
    forbid(
      'upstream-below-proxy',
      'proxy → upstream, never back.',
      {
        path: '^src/server/upstream/',
      },
      { path: '^src/server/proxy/' },
    ),
    forbid(
      'yaml-in-config',
      'Only config knows how its files are read.',
      { pathNot: '^src/(config|cli)/' },
      { path: 'node_modules/yaml/' },
    ),
    forbid(
      'no-dev-dependencies',
      'What ships may only load what is installed with it.',
      { path: '^src/', pathNot: '\\.test\\.ts$' },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
}
