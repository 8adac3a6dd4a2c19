// Guests that call H_SET_MODE with every combination that matters, look at what it did to the interrupts of all vCPUs,
// and start vCPUs and the machine anew (guest-environment specification, section 4).
import { type Guest, type GuestCase, place } from './guest-case.ts';
import { completed, editionOfCpu, interrupt, mainCpus, msr, type Partition } from './model.ts';
import { afterSetMode, type SetModeCall, type SetModeRules, setModeAnswer } from './set-mode-model.ts';

const { SF, EE, PR, ME, IR, DR, RI, LE } = msr;

const number = 0x31cn;

const call = (resource: bigint, flags: bigint, value1 = 0n, value2 = 0n): SetModeCall => ({
  resource,
  flags,
  value1,
  value2,
});

/** Values of each argument in the sweep: those that the rules name, their neighbours, and ends of the range. */
const sweep = {
  resources: [0n, 1n, 2n, 3n, 4n, 5n, 6n, 9n, 1n << 32n, (1n << 63n) | 3n],
  flags: [0n, 1n, 2n, 3n, 4n, 5n, 0x100n, (1n << 32n) | 3n, 1n << 63n],
  value1: [0n, 1n, 2n, 3n, 0x1000n, 0xffff_ffff_ffff_fffcn],
  value2: [0n, 1n, 3n, 4n, 7n, 1n << 62n],
} as const;

/** The partition's state goes along while cases are listed. */
class Script {
  readonly cases: GuestCase[] = [];
  readonly #rules: SetModeRules;
  #partition: Partition;
  readonly #started = new Set<number>();

  constructor(rules: SetModeRules) {
    this.#rules = rules;
    this.#partition = { edition: rules.edition, ail: 0n, ile: false };
  }

  #add(one: Omit<GuestCase, 'expect'>, expect: GuestCase['expect']): void {
    this.cases.push({ ...one, expect });
  }

  /** Calls; `context` is the MSR of the caller. */
  setMode(wish: SetModeCall, vcpu = 0, context = SF | ME | RI): void {
    const registers = [number, wish.flags, wish.resource, wish.value1, wish.value2];
    const one = { msr: context, registers, vcpu };
    const answer = context & PR ? -3n : setModeAnswer(wish, this.#rules);
    if (!(context & PR)) this.#partition = afterSetMode(this.#partition, wish, this.#rules);
    const partition = this.#partition;
    const text = registers.slice(1).map((value) => value.toString(16));
    // What succeeds there and not here would leave another state behind.
    const refused = wish.resource === 3n && wish.flags > 1n && answer === unsupportedFlag;
    const notOnQemu = refused && partition.edition >= 207 ? { notOnQemu: qemuModes } : {};
    const name = `H_SET_MODE(${text})${vcpu ? ` by ${vcpu}` : ''}`;
    this.#add({ ...one, ...notOnQemu, name, code: 'sc 1' }, (at) => ({
      ...completed(partition, one, at + 4n),
      r3: BigInt.asUintN(64, answer),
      r4: wish.flags,
    }));
  }

  /** A load on each started vCPU: `watching` are those that stop at it. */
  loadsWatched(watching: readonly number[], text: string): void {
    const partition = this.#partition;
    for (const vcpu of [0, ...this.#started]) {
      const one = { msr: SF | ME | RI, vcpu, registers: [0n, place.data + 8n] };
      const name = `load by ${vcpu}, ${text}`;
      this.#add({ ...one, notOnQemu: 'QEMU 7.2 has no watchpoints', name, code: 'ld r3, 0(r4)' }, (at) => {
        if (!watching.includes(vcpu)) return { ...completed(partition, one, at + 4n), r3: 0n };
        return interrupt(partition, one, { vector: 0x300n, resume: at, dar: place.data + 8n, dsisr: watchMatch });
      });
    }
  }

  /** What an interrupt of each started vCPU, in several contexts, tells of the partition. */
  look(): void {
    const partition = this.#partition;
    const what = `AIL ${partition.ail}, ILE ${partition.ile ? 1 : 0}`;
    for (const vcpu of [0, ...this.#started]) {
      for (const context of [SF | ME | IR | DR | RI, SF | ME | RI, SF | ME | EE | PR | IR | DR | RI | LE]) {
        const one = { msr: context, vcpu };
        const name = `vCPU ${vcpu} with ${what}, MSR ${context.toString(16)}`;
        this.#add({ ...one, name, code: 'sc 0' }, (at) =>
          interrupt(partition, one, { vector: 0xc00n, resume: at + 4n }),
        );
      }
    }
  }

  /** An RTAS call with these cells behind the token, which gives `status`. */
  #rtas(name: string, token: number, cells: readonly (number | string)[], status: bigint, vcpu: number): void {
    const partition = this.#partition;
    const one = { msr: SF | ME | RI, vcpu };
    const code = `
        bl 1f
        .long ${token}, ${cells.length}, 1, ${[...cells, -1].join(', ')}
1:      mflr r4
        li r3, 0
        ori r3, r3, 0xf000
        sc 1
        mflr r4
        lwa r3, ${4 * (3 + cells.length)}(r4)`;
    const words = 7 + 4 + cells.length;
    this.#add({ ...one, name, code }, (at) => ({
      ...completed(partition, one, at + 4n * BigInt(words)),
      r3: BigInt.asUintN(64, status),
      r4: at + 4n,
      lr: at + 4n,
    }));
  }

  /** A stopped vCPU is started; it then has the fields of LPCR that its starter has. */
  start(vcpu: number, by = 0): void {
    this.#rtas(`start-cpu ${vcpu} by ${by}`, startCpu, [vcpu, 'secondary', vcpu], 0n, by);
    this.#started.add(vcpu);
  }

  /** A start that is refused. */
  startRefused(vcpu: number, status: bigint): void {
    this.#rtas(`start-cpu ${vcpu}, refused`, startCpu, [vcpu, 'secondary', vcpu], status, 0);
  }

  /** The machine is reset by the guest; all vCPUs but the first are stopped then. */
  reboot(): void {
    this.#partition = { ...this.#partition, ail: 0n, ile: false };
    this.#started.clear();
    const partition = this.#partition;
    const one = { msr: SF | ME | IR | DR | RI };
    this.#add({ ...one, name: 'reboot', prepare: 'b reboot', code: 'sc 0' }, (at) =>
      interrupt(partition, one, { vector: 0xc00n, resume: at + 4n }),
    );
  }
}

/** DSISR of a watchpoint's interrupt. */
const watchMatch = 0x40_0000n;
/** DAWRX: loads, whatever the translation, in supervisor state. */
const watchLoads = 0x2an;

const startCpu = 0x2006;
const unsupportedFlag = -256n;
const qemuModes = 'QEMU 7.2 has no cap-ail-mode-2 or -3, and lets modes above 3 through, into the LPCR bits beside AIL';

function sweepAll(script: Script): void {
  for (const resource of sweep.resources) {
    for (const flags of sweep.flags) {
      for (const value1 of sweep.value1) {
        for (const value2 of sweep.value2) script.setMode(call(resource, flags, value1, value2));
      }
    }
  }
}

/** Which modes and capabilities a CPU is asked about. */
function requests(cpu: string): readonly Readonly<Record<string, string>>[] {
  const edition = editionOfCpu(cpu);
  if (edition < 207) return [{}];
  const all: Record<string, string>[] = [{}, { 'cap-ail-mode-3': 'off' }];
  if (edition < 310) all.push({ 'cap-ail-mode-2': 'on' }, { 'cap-ail-mode-2': 'on', 'cap-ail-mode-3': 'off' });
  else all.push({ 'cap-dawr1': 'off' });
  return all;
}

function setModeGuest(cpu: string, options: Readonly<Record<string, string>>): Guest {
  const edition = editionOfCpu(cpu);
  const rules = {
    edition,
    ailMode2: options['cap-ail-mode-2'] === 'on',
    ailMode3: edition >= 207 && options['cap-ail-mode-3'] !== 'off',
    dawr1: edition >= 310 && options['cap-dawr1'] !== 'off',
  };
  const script = new Script(rules);
  const modes = [0n, 1n, 2n, 3n, 4n] as const;
  script.look();
  // Each mode after each other mode, and each answer's effect, on one vCPU.
  for (const from of modes) {
    for (const to of modes) {
      script.setMode(call(3n, from));
      script.setMode(call(3n, to));
      script.look();
    }
  }
  // A vCPU that starts has what its starter has; changes reach all that run, whoever makes them.
  script.setMode(call(3n, 3n));
  script.setMode(call(4n, 1n));
  script.start(1);
  script.look();
  script.startRefused(1, -1n);
  script.startRefused(77, -3n);
  script.setMode(call(3n, 0n), 1);
  script.look();
  script.start(2, 1);
  script.look();
  script.setMode(call(4n, 0n), 2);
  script.setMode(call(3n, 2n), 2);
  script.look();
  script.setMode(call(3n, 3n), 1, SF | ME | IR | DR);
  script.start(3, 2);
  script.look();
  // Refused calls change nothing.
  for (const wrong of [
    call(3n, 0n, 1n),
    call(3n, 0n, 0n, 1n),
    call(3n, 1n),
    call(4n, 2n),
    call(4n, 1n, 1n),
    call(9n, 0n),
  ]) {
    script.setMode(wrong);
    script.look();
  }
  // Contexts of the caller.
  for (const context of [
    SF | ME | IR | DR | RI,
    SF | ME | IR | DR | LE,
    SF | ME | LE,
    SF | ME | EE | PR | IR | DR,
    SF | ME | EE | PR | IR | DR | LE,
  ]) {
    script.setMode(call(3n, 0n), 0, context);
    script.setMode(call(3n, 3n), 0, context);
    script.setMode(call(9n, 3n), 0, context);
  }
  // A watchpoint is its vCPU's own.
  if (edition >= 207) {
    script.loadsWatched([], 'nothing watched');
    script.setMode(call(2n, 0n, place.data + 8n, watchLoads), 2);
    script.loadsWatched([2], 'DAWR0 of vCPU 2');
    if (rules.dawr1) {
      script.setMode(call(5n, 0n, place.data + 8n, watchLoads), 1);
      script.loadsWatched([1, 2], 'DAWR1 of vCPU 1, too');
      script.setMode(call(5n, 0n, place.data + 8n, 0n), 1);
    }
    script.setMode(call(2n, 0n, place.data + 8n, 0n), 2);
    script.loadsWatched([], 'no longer watched');
  }
  script.setMode(call(4n, 1n));
  script.reboot();
  script.look();
  script.start(1);
  script.look();
  sweepAll(script);
  script.look();
  const named = Object.entries(options).map(([name, value]) => ` ${name}=${value}`);
  return { name: `H_SET_MODE ${cpu}${named.join('')}`, options: { cpu, cpus: '4', ...options }, cases: script.cases };
}

/**
 * A guest with hash translation that makes and destroys a guest of its own under KVM PR, as its kernel would. With radix
 * translation it shows that started vCPUs have that, too.
 */
export function prHostGuest(cpu: string, radix = false): Guest {
  const script = new Script({ edition: editionOfCpu(cpu), ailMode2: false, ailMode3: true, dawr1: true });
  script.setMode(call(3n, 3n));
  for (const vcpu of [1, 2, 3]) script.start(vcpu);
  script.look();
  script.setMode(call(3n, 0n), 2);
  script.look();
  script.setMode(call(3n, 3n), 2);
  script.look();
  const name = radix ? `radix on the vCPUs of ${cpu}` : `KVM PR in ${cpu}`;
  return { name, options: { cpu, cpus: '4' }, radix, cases: script.cases };
}

/** One guest for each CPU and choice of capabilities. */
export function setModeGuests(): readonly Guest[] {
  return mainCpus.flatMap((cpu) => requests(cpu).map((options) => setModeGuest(cpu, options)));
}
