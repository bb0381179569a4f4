import { EXIT } from './errors.ts';

export interface Signals {
  /** 130 or 143 once a signal has come. */
  readonly exitCode: number | undefined;
  readonly release: () => void;
}

/** The first Ctrl-C, SIGTERM or closed terminal (SIGHUP) asks for a clean end, the second ends at once. */
export function stopOnSignals(stop: AbortController): Signals {
  let exitCode: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const code = signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
    if (exitCode !== undefined) process.exit(code);
    exitCode = code;
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
  return {
    get exitCode() {
      return exitCode;
    },
    release: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      process.off('SIGHUP', onSignal);
    },
  };
}
