import { clearLine, createInterface, cursorTo, type Interface } from 'node:readline';
import { Command } from 'commander';
import type { ChatClient } from '../../demo/chat-client.ts';
import { EXIT, UsageError } from '../errors.ts';

interface Flags {
  readonly server: string;
  readonly stay?: boolean;
}

/** `sio-inspect chat` */
export function createCommand(): Command {
  return new Command()
    .description(
      'Connect to a running demo as a Socket.IO client. Each line typed is sent as "chat message"; what others say appears ' +
        'as it is. Works with pipes: at the end of the input it ends, once the server has acknowledged all lines.',
    )
    .argument('<name>', 'who you are; the demo shows it when you come and go')
    .option('--server <url>', 'where the demo listens', 'http://127.0.0.1:3000')
    .option('--stay', 'go on listening after the end of the input')
    .addHelpText('after', HELP)
    .action(async (name: string, flags: Flags) => {
      await run(name, flags);
    });
}

const HELP = `
Examples:
  sio-inspect chat A                             and in another terminal: sio-inspect chat B
  echo "Hello from A" | sio-inspect chat A
  sio-inspect chat B --stay < /dev/null          listens until Ctrl-C

Exit code: 0 all lines were acknowledged, 1 nobody is there or a line was not acknowledged, 2 wrong usage.`;

async function run(name: string, { server, stay }: Flags): Promise<void> {
  const url = serverUrl(server);
  const [{ connectChat }, { safeText }] = await Promise.all([
    import('../../demo/chat-client.ts'),
    import('../../render/safe-text.ts'),
  ]);
  const screen = openScreen(safeText(name));
  try {
    // What is said before we are greeted still comes after the greeting.
    const early: string[] = [];
    const show = { line: (line: string): unknown => early.push(line) };
    const welcome = ({ id, worker }: ChatClient['welcome']): void => {
      screen.print(`connected, id: ${safeText(id)}, worker: ${worker}`);
    };
    const client = await connectChat(url, name, {
      onHeard: (text) => show.line(safeText(text)),
      onWelcome: welcome,
      onLost: (reason) => {
        if (reason !== 'io client disconnect')
          screen.notice(`disconnected (${safeText(reason)}), trying again …`);
      },
    }).catch((error: unknown) => {
      screen.notice(`sio-inspect: ${explain(url, error)}`);
    });
    if (client === undefined) {
      process.exitCode = EXIT.notUnderstood;
      return;
    }
    welcome(client.welcome);
    early.forEach(screen.print);
    show.line = screen.print;
    await converse(client, screen, stay === true);
    client.close();
  } finally {
    screen.close();
  }
}

/** Where lines are typed and shown. At a terminal a line that comes in does not tear apart the one being typed. */
interface Screen {
  readonly lines: Interface;
  /** Read from the first moment: a pipe may have ended before we are connected. */
  readonly typed: AsyncIterable<string>;
  readonly signalled: Promise<'signal'>;
  readonly print: (line: string) => void;
  readonly notice: (line: string) => void;
  close(): void;
}

function openScreen(name: string): Screen {
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const lines = createInterface({
    input: process.stdin,
    prompt: `${name}> `,
    ...(isTerminal ? { output: process.stdout } : {}),
  });
  const typed = lines[Symbol.asyncIterator]();
  const write = (stream: NodeJS.WriteStream, line: string): void => {
    if (isTerminal) {
      clearLine(process.stdout, 0);
      cursorTo(process.stdout, 0);
    }
    stream.write(`${line}\n`);
    if (isTerminal) lines.prompt(true);
  };
  const signalled = new Promise<'signal'>((resolve) => {
    const onSignal = (signal: NodeJS.Signals): void => {
      process.exitCode = signal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
      resolve('signal');
    };
    process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
    // At a terminal readline sees Ctrl-C first.
    lines.once('SIGINT', () => {
      onSignal('SIGINT');
    });
  });
  return {
    lines,
    typed: { [Symbol.asyncIterator]: () => typed },
    signalled,
    print: (line) => {
      write(process.stdout, line);
    },
    notice: (line) => {
      write(process.stderr, line);
    },
    close: () => {
      lines.close();
      // Leaves the prompt behind, so that the shell's own starts on a line of its own.
      if (isTerminal) process.stdout.write('\n');
      process.stdin.destroy();
    },
  };
}

/** Sends line by line, in order; resolves at the end of the input (if `stay`, not even then), or when told to stop. */
async function converse(client: ChatClient, screen: Screen, stay: boolean): Promise<void> {
  const typed = (async () => {
    const acknowledged: Promise<boolean>[] = [];
    for await (const line of screen.typed) {
      if (line.trim() !== '') acknowledged.push(said(client, line, screen));
      if (process.stdin.isTTY) screen.lines.prompt();
    }
    return (await Promise.all(acknowledged)).every(Boolean);
  })();
  const first = await Promise.race([typed, screen.signalled]);
  if (first === false) process.exitCode = EXIT.notUnderstood;
  if (first !== 'signal' && stay) await screen.signalled;
}

async function said(client: ChatClient, line: string, { notice }: Screen): Promise<boolean> {
  try {
    await client.say(line);
    return true;
  } catch {
    notice('The server did not acknowledge a line: it may be lost.');
    return false;
  }
}

function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.href;
  throw new UsageError(
    `--server: "${text}" is no web address. It looks like http://127.0.0.1:3000, as the demo prints it.`,
  );
}

function explain(url: string, error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  const why = said === 'xhr poll error' || said === 'websocket error' ? 'nobody answers' : said;
  return (
    `No chat server at ${url}: ${why}. ` +
    'Start one with "sio-inspect demo" (or "sio-inspect demo --stay"), or name its address with --server.'
  );
}
