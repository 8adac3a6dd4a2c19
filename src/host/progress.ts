// Tells a person what a long step is doing: redrawn in place on a terminal, a line every ten seconds in a log.

/** Reports how far a step has come, such as `41 %`; shown behind its title. */
export type ReportDetail = (detail: string) => void;

/** A place where steps are shown. */
export interface Progress {
  /**
   * Runs `action` and shows `title` with a running clock while it lasts.
   * @returns what the action returns; its failure is passed on unchanged
   */
  step<T>(title: string, action: (report: ReportDetail) => Promise<T>): Promise<T>;
}

/** Shows steps on `stream`, which should be standard error: standard output belongs to the guest. */
export function streamProgress(stream: NodeJS.WriteStream): Progress {
  const redraw = stream.isTTY === true;
  return {
    async step(title, action) {
      const start = performance.now();
      const seconds = (): number => (performance.now() - start) / 1000;
      let detail = '';
      let nextLine = 10;
      const show = (): void => {
        const suffix = detail === '' ? '' : ` ${detail}`;
        if (redraw) stream.write(`\r${title} …${suffix} ${Math.floor(seconds())} s\x1b[K`);
        else if (seconds() >= nextLine) {
          nextLine += 10;
          stream.write(`${title} …${suffix} ${Math.floor(seconds())} s\n`);
        }
      };
      if (!redraw) stream.write(`${title} …\n`);
      const clock = setInterval(show, 500);
      let ended = 'failed';
      try {
        const result = await action((text) => {
          detail = text;
        });
        ended = 'done';
        return result;
      } finally {
        clearInterval(clock);
        stream.write(`${redraw ? '\r\x1b[K' : ''}${title}: ${ended} in ${seconds().toFixed(1)} s\n`);
      }
    },
  };
}

/** Shows nothing. */
export const silentProgress: Progress = { step: (_title, action) => action(() => {}) };
