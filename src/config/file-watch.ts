import { type FSWatcher, statSync, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Looks again this often, for file systems and links that tell nothing of their changes. */
const POLL_MS = 5_000
/** Editors and volumes change a file in several steps, and one look is enough for all. */
const SETTLE_MS = 100

/**
 * Tells when one of several files was changed, made or removed. A file may be written in place,
 * replaced by rename (editors), or be a link whose target moves (volumes of Kubernetes): its
 * folder is watched, and what the path leads to is compared.
 */
export class FileWatch {
  private readonly changed: (paths: readonly string[]) => void
  /** What each path led to when it was looked at last. */
  private readonly seen = new Map<string, string>()
  private readonly folders = new Map<string, FSWatcher>()
  private poll: NodeJS.Timeout | undefined
  private settling: NodeJS.Timeout | undefined

  /**
   * `changed` gets the paths of all files that changed in one moment. Nothing here keeps a process
   * alive.
   */
  constructor(changed: (paths: readonly string[]) => void) {
    this.changed = changed
  }

  /** Watches these files from now on, and no others. */
  watch(paths: readonly string[]): void {
    const wanted = new Set(paths.map((path) => resolve(path)))
    for (const path of this.seen.keys()) if (!wanted.has(path)) this.seen.delete(path)
    for (const path of wanted) if (!this.seen.has(path)) this.seen.set(path, stateOf(path))
    this.watchFolders()
    clearInterval(this.poll)
    if (wanted.size > 0) this.poll = setInterval(() => this.look(), POLL_MS).unref()
  }

  close(): void {
    this.watch([])
    clearTimeout(this.settling)
  }

  private watchFolders(): void {
    const wanted = new Set([...this.seen.keys()].map((path) => dirname(path)))
    for (const [folder, watcher] of this.folders) {
      if (wanted.has(folder)) continue
      watcher.close()
      this.folders.delete(folder)
    }
    for (const folder of wanted) if (!this.folders.has(folder)) this.watchFolder(folder)
  }

  /** A folder that cannot be watched is left to the poll. */
  private watchFolder(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.settle())
      watcher.on('error', () => {
        watcher.close()
        this.folders.delete(folder)
      })
      this.folders.set(folder, watcher)
    } catch {
      this.folders.delete(folder)
    }
  }

  private settle(): void {
    this.settling ??= setTimeout(() => this.look(), SETTLE_MS).unref()
  }

  private look(): void {
    clearTimeout(this.settling)
    this.settling = undefined
    this.watchFolders()
    const changed: string[] = []
    for (const [path, before] of this.seen) {
      const now = stateOf(path)
      if (now === before) continue
      this.seen.set(path, now)
      changed.push(path)
    }
    if (changed.length > 0) this.changed(changed)
  }
}

/** What tells one state of a file from the next, links followed; '' when there is none. */
function stateOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs } = statSync(path, { bigint: true })
    return [dev, ino, size, mtimeNs].join(' ')
  } catch {
    return ''
  }
}
