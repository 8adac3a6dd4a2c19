// The host that a machine is told to run on, as far as it can be noticed: its kernel's devices and its answers. Everything
// follows from the provision.
import { type Environment, type Provision, vcpuId } from '../../environment/index.ts';
import { xicsRtasNames } from './activation.ts';
import { ControllerPlacement, type HostMessage } from './controller-placement.ts';
import { type HostFault, KernelDevices, type KernelHoldings } from './kernel-devices.ts';
import { LevelRegisters } from './level-registers.ts';

/** What of the host was used, for tests and `--statistics`. */
export interface HostStatistics {
  /** Who models the active interrupt controller. */
  readonly controller: 'kernel' | 'emulated';
  readonly holdings: KernelHoldings;
  /** Writes of the register of the compatibility level. */
  readonly levelWrites: number;
  /** Warnings of the running machine, in order. */
  readonly warnings: readonly HostMessage[];
}

/** The host of one machine, through all its resets. */
export class HostModel {
  readonly #kernel: KernelDevices;
  readonly #warnings: HostMessage[] = [];
  readonly #show: (warning: HostMessage) => void;
  readonly controllers: ControllerPlacement;
  readonly levels: LevelRegisters;

  /**
   * @param sources numbers of the interrupt sources that exist
   * @param show takes each warning of the running machine
   * @param fault makes steps of the host fail, for tests
   */
  constructor(
    { smp, rtas }: Environment,
    provision: Provision,
    sources: readonly number[],
    show: (warning: HostMessage) => void,
    fault: HostFault = () => false,
  ) {
    const plan = provision.interruptController;
    this.#show = show;
    this.#kernel = new KernelDevices(
      { xics: plan.xics === 'kernel', xive: plan.xive === 'kernel', xicsReturns: plan.xicsReturns },
      fault,
    );
    const servers = Array.from({ length: smp.cpus }, (_, index) => vcpuId(smp, index));
    const tokens = Object.fromEntries(xicsRtasNames.map((name) => [name, rtas[name] ?? 0]));
    const warn = (warning: HostMessage): void => this.warn(warning);
    this.controllers = new ControllerPlacement(plan, this.#kernel, { servers, sources, tokens }, warn);
    this.levels = new LevelRegisters(provision.compat, smp.cpus, fault);
  }

  /** Tells the user, and keeps it. */
  warn(warning: HostMessage): void {
    this.#warnings.push(warning);
    this.#show(warning);
  }

  get statistics(): HostStatistics {
    return {
      controller: this.controllers.place,
      holdings: this.#kernel.holdings,
      levelWrites: this.levels.writes,
      warnings: [...this.#warnings],
    };
  }
}
