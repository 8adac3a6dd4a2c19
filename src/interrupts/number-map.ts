// Which interrupt numbers mean what on a pseries machine: the same map for XICS and XIVE.

/** First number of each group. */
export const irqNumber = {
  /** XIVE only: one IPI for each server, 0… (XICS has its own IPI, number 2, in the presenter). */
  ipi: 0x0000,
  /** Environmental and power warnings (`epow-events`). */
  epow: 0x1000,
  /** `hot-plug-events`. */
  hotplug: 0x1001,
  /** Virtual I/O devices. */
  vio: 0x1100,
  /** Level interrupts of PCI host bridges, four for each. */
  lsi: 0x1200,
  /** Message interrupts, handed out by {@link SpaprIrq.allocateMsi}. */
  msi: 0x1300,
  /** One past the last. */
  end: 0x2000,
} as const;

/** First number that both controllers have; below are XIVE's IPIs. */
export const firstSharedIrq = 0x1000;
