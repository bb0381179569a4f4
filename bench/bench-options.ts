/** What every part of the bench is told. */
export interface BenchOptions {
  /** For files; removed at the end. */
  readonly directory: string;
  /** A smoke run: a tenth of everything, or less. */
  readonly isQuick: boolean;
  /** How often our reader takes the burst. */
  readonly repeat: number;
  /** Tells a person how far it is. */
  readonly say: (text: string) => void;
}
