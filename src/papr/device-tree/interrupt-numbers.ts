// Interrupt source numbers of the machine's fixed devices; IPIs are 0…n−1.

/** Source numbers; those of the PCI host are four in a row, INTA…INTD. */
export const interruptSource = {
  epow: 0x1000,
  hotPlug: 0x1001,
  console: 0x1100,
  nvram: 0x1101,
  pciIntA: 0x1200,
} as const;
