// Dynamic reconfiguration connectors: the indexes that owners list in ibm,drc-*. (PAPR, "ibm,drc-indexes")
import { cells, concatenated, type PropertyValue, strings } from '../fdt/property-value.ts';

/** The kind of a connector is in the top bits of its index. */
export const connectorBase = { cpu: 0x1000_0000, phb: 0x2000_0000, pci: 0x4000_0000 } as const;

/** A connector as its owner lists it. */
export interface Connector {
  readonly index: number;
  readonly name: string;
  readonly type: string;
}

/** The four ibm,drc-* properties of an owner; each starts with the number of connectors. */
export function connectorProperties(connectors: readonly Connector[]): Record<string, PropertyValue> {
  const count = cells(connectors.length);
  return {
    'ibm,drc-indexes': concatenated(count, cells(...connectors.map(({ index }) => index))),
    'ibm,drc-power-domains': concatenated(count, cells(...connectors.map(() => 0xffff_ffff))),
    'ibm,drc-names': concatenated(count, strings(...connectors.map(({ name }) => name))),
    'ibm,drc-types': concatenated(count, strings(...connectors.map(({ type }) => type))),
  };
}
