import { EXIT } from './errors.ts';

export interface Signals {
  /** 130 or 143 once a signal has come. */
  readonly exitCode: number | undefined;
  readonly release: () => void;
}

/** The first Ctrl-C or SIGTERM asks for a clean end, the second ends at once. */
export function stopOnSignals(stop: AbortController): Signals {
  let exitCode: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const code = signal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
    if (exitCode !== undefined) process.exit(code);
    exitCode = code;
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    get exitCode() {
      return exitCode;
    },
    release: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
