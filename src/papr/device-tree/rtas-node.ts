// /rtas: the tokens of the calls that exist, and the partition's function sets. (PAPR, "RTAS node properties")
import { cells, cells64, concatenated, empty, type PropertyValue, strings } from '../fdt/property-value.ts';
import { DeviceNode } from '../fdt/tree.ts';
import { hasBit, vector5Bit } from '../negotiated.ts';
import type { PlatformEnvironment } from '../platform-environment.ts';
import type { TreeInputs } from './tree-inputs.ts';

/** Longest error log. */
export const errorLogBytes = 0x800;
/** The blob and the header of a saved log; then, for each CPU, what a machine check keeps of it. */
const rtasBlobBytes = 0x1c;
const savedCpuBytes = 0x10;

/** @returns the bytes that the caller of instantiate-rtas has to give: the blob, and an error log saved at a machine check. */
export function rtasBytes({ smp }: PlatformEnvironment): number {
  return errorLogBytes + rtasBlobBytes + savedCpuBytes * smp.maxCpus;
}

/** Bytes of a logical memory block. */
const memoryBlockBytes = 0x1000_0000;
/** NUMA distance of a domain to itself. */
const localDistance = 10;

/** Properties that describe NUMA: one domain, in the form that was negotiated. (PAPR, "associativity form") */
function affinity({ environment, negotiated }: TreeInputs): Record<string, PropertyValue> {
  if (hasBit(negotiated.vector5, vector5Bit.form2)) {
    return {
      'ibm,associativity-reference-points': cells(1),
      'ibm,max-associativity-domains': cells(1, 1),
      'ibm,numa-lookup-index-table': cells(1, 0),
      'ibm,numa-distance-table': concatenated(cells(1), Uint8Array.of(localDistance)),
    };
  }
  return {
    'ibm,associativity-reference-points': environment.traits.oldReferencePoints ? cells(4, 4) : cells(4, 4, 2),
    'ibm,max-associativity-domains': cells(4, 0, 0, 0, 1),
  };
}

export function rtasNode(inputs: TreeInputs): DeviceNode {
  const { environment } = inputs;
  const node = new DeviceNode('rtas', {
    'ibm,hypertas-functions': strings(...environment.hypertasFunctions),
    'qemu,hypertas-functions': strings(...environment.privateHypertasFunctions),
    'rtas-size': cells(rtasBytes(environment)),
    'rtas-error-log-max': cells(errorLogBytes),
    'rtas-event-scan-rate': cells(1),
    'ibm,extended-os-term': empty,
    'ibm,change-msix-capable': empty,
    // Largest memory address 0: no memory can be plugged. Processors that can be plugged are cores.
    'ibm,lrdr-capacity': cells(0, 0, ...cells64(memoryBlockBytes), environment.smp.maxCpus / environment.smp.threads),
    ...affinity(inputs),
  });
  for (const { name, token } of environment.rtasCalls) node.properties.set(name, cells(token));
  return node;
}
