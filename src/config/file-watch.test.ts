import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { FileWatch } from './file-watch.ts'

/** A folder, and a watch whose next news can be waited for. */
function watched(names: readonly string[], prepare: (folder: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'piko-watch-'))
  prepare(folder)
  let tell: (paths: readonly string[]) => void = () => {}
  const watch = new FileWatch((paths) => tell(paths))
  watch.watch(names.map((name) => join(folder, name)))
  onTestFinished(() => {
    watch.close()
    rmSync(folder, { recursive: true })
  })
  const news = async () => new Promise<readonly string[]>((resolve) => (tell = resolve))
  return { folder, news }
}

const file = (name: string) => (folder: string) => writeFileSync(join(folder, name), 'one')

test('a file that is written in place is a change', async () => {
  const { folder, news } = watched(['a'], file('a'))
  const changed = news()
  writeFileSync(join(folder, 'a'), 'another')
  expect(await changed).toEqual([join(folder, 'a')])
})

test('a file that is replaced by rename is a change, each time', async () => {
  const { folder, news } = watched(['a'], file('a'))
  for (const text of ['two', 'six']) {
    const changed = news()
    writeFileSync(join(folder, 'a.new'), text)
    renameSync(join(folder, 'a.new'), join(folder, 'a'))
    expect(await changed).toEqual([join(folder, 'a')])
  }
})

test('a file that is removed, and one that is made, is a change', async () => {
  const { folder, news } = watched(['a', 'b'], file('a'))
  const gone = news()
  rmSync(join(folder, 'a'))
  expect(await gone).toEqual([join(folder, 'a')])
  const made = news()
  writeFileSync(join(folder, 'b'), 'new')
  expect(await made).toEqual([join(folder, 'b')])
})

test('a volume of Kubernetes, where a link beside the file moves, is a change', async () => {
  const { folder, news } = watched(['a'], (path) => {
    mkdirSync(join(path, '..1'))
    writeFileSync(join(path, '..1', 'a'), 'one')
    symlinkSync('..1', join(path, '..data'))
    symlinkSync(join('..data', 'a'), join(path, 'a'))
  })
  const changed = news()
  mkdirSync(join(folder, '..2'))
  writeFileSync(join(folder, '..2', 'a'), 'two')
  unlinkSync(join(folder, '..data'))
  symlinkSync('..2', join(folder, '..data'))
  expect(await changed).toEqual([join(folder, 'a')])
})

test('files beside it are nobody’s concern', async () => {
  const { folder, news } = watched(['b'], file('a'))
  const changed = news()
  writeFileSync(join(folder, 'a'), 'two')
  writeFileSync(join(folder, 'b'), 'the one')
  expect(await changed).toEqual([join(folder, 'b')])
})

test('a file in a folder that does not exist yet can be watched', () => {
  const watch = new FileWatch(() => {})
  onTestFinished(() => watch.close())
  expect(() => watch.watch(['/nowhere/at/all/a'])).not.toThrow()
})
