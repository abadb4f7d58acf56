import type { Command } from './command.js'

export const demo: Command = {
  name: 'demo',
  summary: 'Shows it at work: private servers, a workload, a comparison.',
  details: '',
  flags: {},
  takesArguments: true,
  async run(_values, _terminal, args) {
    const { runDemo } = await import('../demo/demo.js')
    return runDemo(args)
  },
}
