import { Chalk, type ColorSupportLevel } from 'chalk';

/** Colours group by role and never decorate. Each function leaves plain text alone when colour is off. */
export interface Theme {
  readonly sender: Paint;
  readonly target: Paint;
  readonly event: Paint;
  readonly value: Paint;
  readonly trouble: Paint;
  readonly warning: Paint;
  readonly good: Paint;
  readonly dim: Paint;
  readonly strong: Paint;
}

export type Paint = (text: string) => string;

/** `level` 0 is no colour. The sixteen basic colours only, so that light and dark terminals both stay readable. */
export function createTheme(level: ColorSupportLevel): Theme {
  const chalk = new Chalk({ level });
  return {
    sender: chalk.cyan,
    target: chalk.magenta,
    event: chalk.bold,
    value: (text) => text,
    trouble: chalk.red,
    warning: chalk.yellow,
    good: chalk.green,
    dim: chalk.dim,
    strong: chalk.bold,
  };
}
