// Where the active interrupt controller is modelled through a machine's life: in the host's kernel or emulated. The guest
// sees no difference; the same emulation carries it out here, and the kernel's part is a model of its devices. (section 6.3)
import type { Provision } from '../../environment/index.ts';
import type { ControllerMode } from '../../interrupts/controller.ts';
import { activationSteps, type Connected } from './activation.ts';
import type { KernelDevices } from './kernel-devices.ts';
import { type Step, transact } from './transaction.ts';

/** A reason code and its sentence. */
export interface HostMessage {
  readonly code: string;
  readonly message: string;
}

/** Kept over resets of the machine: the kernel's devices are the host's. */
export class ControllerPlacement {
  readonly #plan: Provision['interruptController'];
  readonly #kernel: KernelDevices;
  readonly #connected: Connected;
  readonly #warn: (warning: HostMessage) => void;
  /** What it takes to give up the kernel's device; empty when there is none. */
  #steps: readonly Step[] = [];
  #mode: ControllerMode | undefined;
  /** The kernel cannot create its XICS again, and that is known. */
  #xicsLost = false;
  #xicsLossTold = false;
  #refusal: HostMessage | undefined;

  constructor(
    plan: Provision['interruptController'],
    kernel: KernelDevices,
    connected: Connected,
    warn: (warning: HostMessage) => void,
  ) {
    this.#plan = plan;
    this.#kernel = kernel;
    this.#connected = connected;
    this.#warn = warn;
  }

  /** The active controller; undefined before the first. */
  get mode(): ControllerMode | undefined {
    return this.#mode;
  }

  /** Who models the active controller. */
  get place(): 'kernel' | 'emulated' {
    return this.#steps.length > 0 ? 'kernel' : 'emulated';
  }

  /** Why the machine must stop, once it must. */
  get refusal(): HostMessage | undefined {
    return this.#refusal;
  }

  /**
   * Makes a controller the active one, in the kernel where that is planned and works.
   * @returns false when the machine must stop (see {@link refusal}): then the active controller is unchanged, and nothing
   * of the kernel is held
   */
  activate(mode: ControllerMode): boolean {
    const wanted = this.#plan[mode] === 'kernel' && !(mode === 'xics' && this.#xicsLost);
    if (mode === this.#mode && wanted === (this.place === 'kernel')) return true;
    this.#giveUp();
    if (wanted && !this.#takeInKernel(mode)) return false;
    if (mode === 'xics' && this.#xicsLost) this.#tellXicsLoss();
    this.#mode = mode;
    return true;
  }

  #takeInKernel(mode: ControllerMode): boolean {
    const steps = activationSteps(this.#kernel, mode, this.#connected);
    const problem = transact(steps);
    if (problem === undefined) {
      this.#steps = steps;
      return true;
    }
    const name = mode.toUpperCase();
    if (!this.#plan.mayFallBack) {
      const message = `the host kernel did not give its ${name} device (${problem}), which kernel-irqchip=on asks for`;
      this.#refusal = { code: mode === 'xics' ? 'E_IRQCHIP_XICS' : 'E_IRQCHIP_XIVE', message };
      return false;
    }
    const message = `${name} emulated, which is slower: the host kernel did not give its device (${problem})`;
    this.#warn({ code: 'W_IRQCHIP_FALLBACK', message });
    return true;
  }

  /** Once in a machine's life: it stays so. */
  #tellXicsLoss(): void {
    if (this.#xicsLossTold) return;
    this.#xicsLossTold = true;
    const message = 'XICS emulated, which is slower: the host kernel cannot create its device a second time';
    this.#warn({ code: 'W_IRQCHIP_FALLBACK', message });
  }

  #giveUp(): void {
    if (this.#steps.length === 0) return;
    for (const step of [...this.#steps].reverse()) step.undo();
    this.#steps = [];
    if (this.#mode === 'xics' && !this.#plan.xicsReturns) this.#xicsLost = true;
  }
}
