import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ANSWER_SIZES, STREAM_BYTES } from './cells.ts'
import type { ProcessGroup, Running } from './process-group.ts'

/** Starts the origin: static bytes by their number, `/1024`, over keep-alive connections. */
export function startOrigin(group: ProcessGroup, core: number, port: number): Running {
  const root = join(group.folder, 'www')
  mkdirSync(root, { recursive: true })
  for (const size of [...ANSWER_SIZES, STREAM_BYTES]) {
    const path = join(root, String(size))
    writeFileSync(path, '')
    // Zeros without blocks on the disk: reading them costs what cached pages cost.
    truncateSync(path, size)
  }
  return startNginx(group, 'origin', core, [
    `server { listen 127.0.0.1:${port} backlog=1024; root ${root};`,
    'sendfile on; open_file_cache max=16; open_file_cache_valid 1h; default_type text/plain; }',
  ])
}

/** Starts one reverse proxy hop, as lean as nginx gets: keep-alive both ways, nothing logged. */
export function startHop(
  group: ProcessGroup,
  name: string,
  core: number,
  { port, targetPort }: { port: number; targetPort: number },
): Running {
  return startNginx(group, name, core, [
    `upstream target { server 127.0.0.1:${targetPort};`,
    'keepalive 512; keepalive_requests 1000000; }',
    `server { listen 127.0.0.1:${port} backlog=1024; client_max_body_size 0;`,
    'location / { proxy_pass http://target; proxy_http_version 1.1;',
    'proxy_set_header Connection ""; proxy_request_buffering off; proxy_max_temp_file_size 0; } }',
  ])
}

function startNginx(
  group: ProcessGroup,
  name: string,
  core: number,
  servers: readonly string[],
): Running {
  const folder = join(group.folder, name)
  mkdirSync(folder, { recursive: true })
  const config = join(folder, 'nginx.conf')
  writeFileSync(config, [...mainLines(folder), ...servers, '}', ''].join('\n'))
  return group.start(name, core, ['nginx', '-c', config, '-p', folder, '-e', 'stderr'])
}

function mainLines(folder: string): string[] {
  // Started by root, nginx gives its workers to a user that cannot reach the folder.
  const user = process.getuid?.() === 0 ? ['user root;'] : []
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(folder, kind)};`,
  )
  return [
    ...user,
    'daemon off; worker_processes 1; worker_rlimit_nofile 8192;',
    `pid ${join(folder, 'nginx.pid')}; error_log stderr error;`,
    'events { worker_connections 4096; }',
    'http {',
    'access_log off; keepalive_timeout 1h; keepalive_requests 1000000000; tcp_nodelay on;',
    // Compiled in by some distributions only; nginx refuses paths of modules that it lacks.
    ...temp.slice(0, 2),
  ]
}
