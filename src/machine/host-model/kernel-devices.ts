// A model of the interrupt controllers in a host's kernel: what a machine holds of it, and what it answers. (Linux
// Documentation/virt/kvm/devices/xics.rst and xive.rst; guest environment, section 6.4)
import type { ControllerMode } from '../../interrupts/controller.ts';

/** Makes a step of the host fail: true for the name of a step that shall fail now. */
export type HostFault = (step: string) => boolean;

/** What of the host kernel a machine can ask for. */
export interface KernelLimits {
  readonly xics: boolean;
  readonly xive: boolean;
  /** The XICS device can be created again after it was closed. */
  readonly xicsReturns: boolean;
}

/** All that a machine may hold of the kernel, as plain data: empty when it holds nothing. */
export interface KernelHoldings {
  readonly device: ControllerMode | undefined;
  readonly presenters: readonly number[];
  readonly sources: readonly number[];
  /** RTAS calls that the kernel handles, by name. */
  readonly tokens: readonly string[];
  readonly mappings: readonly string[];
  /** What the rest of the machine was told: `irqchip-in-kernel`, `direct-msi`, `irqfd`. */
  readonly flags: readonly string[];
}

/** The kernel's side of one virtual machine. */
export class KernelDevices {
  readonly #limits: KernelLimits;
  readonly #fault: HostFault;
  #device: ControllerMode | undefined;
  #xicsClosed = false;
  readonly #presenters = new Set<number>();
  readonly #sources = new Set<number>();
  readonly #tokens = new Map<string, number>();
  readonly #mappings = new Set<string>();
  readonly #flags = new Set<string>();

  constructor(limits: KernelLimits, fault: HostFault) {
    this.#limits = limits;
    this.#fault = fault;
  }

  /** KVM_CREATE_DEVICE. @returns the error's name */
  create(kind: ControllerMode): string | undefined {
    if (!this.#limits[kind]) return 'ENODEV';
    if (this.#device !== undefined || (kind === 'xics' && this.#xicsClosed && !this.#limits.xicsReturns))
      return 'EEXIST';
    if (this.#fault(`create ${kind}`)) return 'ENOMEM';
    this.#device = kind;
    return undefined;
  }

  /** Closes the device; its presenters and sources go with it. */
  close(): void {
    if (this.#device === 'xics') this.#xicsClosed = true;
    this.#device = undefined;
    this.#presenters.clear();
    this.#sources.clear();
  }

  /** KVM_ENABLE_CAP of a vCPU: connects its presenter to the device. */
  connect(server: number): string | undefined {
    if (this.#device === undefined || this.#presenters.has(server)) return 'EINVAL';
    if (this.#fault(`connect vCPU ${server}`)) return 'ENOSPC';
    this.#presenters.add(server);
    return undefined;
  }

  disconnect(server: number): void {
    this.#presenters.delete(server);
  }

  /** Makes a source known to the device. */
  addSource(irq: number): string | undefined {
    if (this.#device === undefined) return 'EINVAL';
    if (this.#fault(`source ${irq}`)) return 'ENOMEM';
    this.#sources.add(irq);
    return undefined;
  }

  removeSource(irq: number): void {
    this.#sources.delete(irq);
  }

  /** KVM_PPC_RTAS_DEFINE_TOKEN; token 0 clears, and clearing what is not set does nothing. */
  defineToken(name: string, token: number): string | undefined {
    if (token === 0) {
      this.#tokens.delete(name);
      return undefined;
    }
    if (this.#tokens.has(name)) return 'EEXIST';
    if (this.#fault(`token ${name}`)) return 'ENOSPC';
    this.#tokens.set(name, token);
    return undefined;
  }

  /** Maps pages of the device. */
  map(name: string): string | undefined {
    if (this.#device === undefined) return 'ENODEV';
    if (this.#fault(`map ${name}`)) return 'ENOMEM';
    this.#mappings.add(name);
    return undefined;
  }

  unmap(name: string): void {
    this.#mappings.delete(name);
  }

  /** Sets or clears what the rest of the machine is told. */
  flag(name: string, isSet: boolean): void {
    if (isSet) this.#flags.add(name);
    else this.#flags.delete(name);
  }

  get holdings(): KernelHoldings {
    return {
      device: this.#device,
      presenters: [...this.#presenters],
      sources: [...this.#sources],
      tokens: [...this.#tokens.keys()],
      mappings: [...this.#mappings],
      flags: [...this.#flags],
    };
  }
}
