// Where --log and -d go: standard error, or a file that is written in large pieces.
import { closeSync, openSync, writeSync } from 'node:fs';
import { exitStatus } from '../host/exit-status.ts';
import { fileError } from './boot-files.ts';
import type { NamedFile } from './start-plan.ts';

/** Takes log lines. */
export interface LogSink {
  /** Takes one line without line end. */
  line(text: string): void;
  /** Writes what is left. */
  close(): void;
}

const pieceCharacters = 1 << 16;

/**
 * Opens the log.
 * @param file absent: standard error
 * @param rawTerminal standard error is a terminal in raw mode, which needs a carriage return
 * @throws CliError when the file cannot be written
 */
export function openLog(file: NamedFile | undefined, rawTerminal: boolean): LogSink {
  if (file === undefined) {
    const lineEnd = rawTerminal ? '\r\n' : '\n';
    return { line: (text) => void process.stderr.write(text + lineEnd), close: () => {} };
  }
  const descriptor = openForWriting(file);
  let piece = '';
  const flush = (): void => {
    writeSync(descriptor, piece);
    piece = '';
  };
  return {
    line(text) {
      piece += `${text}\n`;
      if (piece.length >= pieceCharacters) flush();
    },
    close() {
      flush();
      closeSync(descriptor);
    },
  };
}

/** @throws CliError when the file cannot be written */
export function openForWriting(file: NamedFile): number {
  try {
    return openSync(file.path, 'w');
  } catch (error) {
    throw fileError(file, error, exitStatus.unavailable);
  }
}
