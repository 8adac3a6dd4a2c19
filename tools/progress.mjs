// One line for each step of a set-up: what is being done, a running clock when it takes longer than a second, and how
// it ended. On a terminal the line is redrawn in place; in a log a line is added every ten seconds.
import { spawn } from 'node:child_process';

const redraw = process.stderr.isTTY === true;

/** Seconds since `start` (a `performance.now()` value), printed with one decimal. */
export function secondsSince(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** Prints one line of set-up talk. It goes to standard error: standard output belongs to the guest. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/**
 * Runs `action` under `title`, keeps a clock going, and hands back what it returns. An exception, or a `status`
 * other than 0 in the result, is a failure, whose cause the caller reports.
 */
export async function step(title, action) {
  const start = performance.now();
  let lastLogged = 0;
  if (!redraw) say(`${title} …`);
  const clock = setInterval(() => {
    const elapsed = performance.now() - start;
    if (redraw) process.stderr.write(`\r${title} … ${Math.floor(elapsed / 1000)} s\x1b[K`);
    else if (elapsed - lastLogged >= 10_000) {
      lastLogged = elapsed;
      say(`${title} … ${Math.floor(elapsed / 1000)} s`);
    }
  }, 500);
  let ended = 'failed';
  try {
    if (redraw) process.stderr.write(`${title} …`);
    const result = await action();
    if (result?.status === undefined || result.status === 0) ended = 'done';
    return result;
  } finally {
    clearInterval(clock);
    if (redraw) process.stderr.write('\r\x1b[K');
    say(`${title}: ${ended} in ${secondsSince(start)}`);
  }
}

/** Runs a program, keeps its output, and resolves to `{ status, output }`; output is for showing when it failed. */
export function runProgram(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    const finish = (status, extra = '') => resolve({ status, output: Buffer.concat(chunks).toString() + extra });
    child.on('error', (error) => finish(127, `${command}: ${error.message}\n`));
    child.on('close', (status, signal) => finish(status ?? 1, signal ? `${command}: ended by ${signal}\n` : ''));
  });
}
