import { Command } from 'commander';
import { addMonitorOptions, type MonitorOptions, watchRedis } from './monitor.ts';

/** `sio-inspect record FILE` */
export function createCommand(): Command {
  const command = new Command()
    .description(
      'Watch a live Redis as monitor does, and write what passes to a file instead of the terminal, as it came.\ndecode, explain and all other commands that read captures read it. doctor finds in it what it would have found live:\nnow and then Redis is also asked who is there, and that is recorded, too.',
    )
    .argument('<file>', 'a new file; .gz at the end of its name makes it gzip')
    .option('--json', 'also one JSON record per line on stdout (docs/records.md), as long as it is recorded')
    .option('--no-color', 'no colours (NO_COLOR does the same, FORCE_COLOR forces them)');
  return addMonitorOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: MonitorOptions) => {
      await watchRedis({ ...options, record: file }, 'record');
    });
}

const EXAMPLES = `
Examples:
  sio-inspect record today.rec.gz --url redis://10.0.0.5:6379 --rotate-time 1h
  sio-inspect record bug.rec --no-args --for 10m         may be shown to others: no value in it
  sio-inspect doctor bug.rec                             what was wrong meanwhile

Exit code: 0 at the end, 1 when the disk was full, which ends it (monitor --record FILE goes on printing), 3 when Redis cannot be reached, 130 after Ctrl-C.`;
