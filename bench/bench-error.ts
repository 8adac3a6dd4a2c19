// What stops a benchmark, said to a person with a way out.

/** A failure whose message is for a person. */
export class BenchError extends Error {}
