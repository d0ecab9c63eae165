import { agentHttpCommand, agentStartCommand, agentTcpCommand } from './agent-commands.ts'
import { benchHttpCommand } from './bench-command.ts'
import { completionCommand } from './completion-command.ts'
import { CONFIG_COMMANDS } from './config-commands.ts'
import type { Command } from './command.ts'
import { forwardStartCommand, forwardTcpCommand } from './forward-commands.ts'
import { serverCommand } from './server-command.ts'
import { STATUS_COMMANDS } from './status-commands.ts'
import { testClusterCommand } from './test-cluster-command.ts'

/** Every command, in the order in which help shows them. */
export const COMMANDS: readonly Command[] = [
  serverCommand,
  agentHttpCommand,
  agentTcpCommand,
  agentStartCommand,
  forwardTcpCommand,
  forwardStartCommand,
  ...STATUS_COMMANDS,
  testClusterCommand,
  ...CONFIG_COMMANDS,
  benchHttpCommand,
  completionCommand(() => COMMANDS),
]
