// PCI calls of a host bridge with nothing plugged in: configuration reads give all ones, the rest knows no such device.
// (PAPR, "ibm,read-pci-config", "EEH", "DMA windows")
import { pciHostBuid } from '../device-tree/pci-host.ts';
import type { RtasHandler, RtasHandlers } from '../hypercalls/types.ts';
import { counted, type RtasRow } from './counted.ts';
import { rtasStatus } from './status.ts';

const accessSizes: ReadonlySet<number> = new Set([1, 2, 4]);

function isHost(high: number, low: number): boolean {
  return ((BigInt(high) << 32n) | BigInt(low)) === pciHostBuid;
}

/** What a read of `size` bytes gives where no device answers. */
function nothing(size: number): number {
  return size === 4 ? 0xffff_ffff : (1 << (8 * size)) - 1;
}

const noDevice: RtasHandler = () => rtasStatus.PARAMETER;

/** Calls on a device: argument and return cells. */
const deviceCalls: Readonly<Record<string, readonly [RtasRow['arguments'], RtasRow['results']]>> = {
  'ibm,set-tce-bypass': [2, 1],
  'ibm,query-interrupt-source-number': [4, 3],
  'ibm,change-msi': [
    [6, 7],
    [3, 5],
  ],
  'ibm,set-eeh-option': [4, 1],
  'ibm,get-config-addr-info2': [4, 2],
  'ibm,read-slot-reset-state2': [3, [4, 5]],
  'ibm,set-slot-reset': [4, 1],
  'ibm,configure-pe': [3, 1],
  'ibm,slot-error-detail': [8, 1],
  'ibm,query-pe-dma-window': [3, [5, 6]],
  'ibm,create-pe-dma-window': [5, 4],
  'ibm,remove-pe-dma-window': [1, 1],
  'ibm,reset-pe-dma-window': [3, 1],
};

export function pciCalls(): RtasHandlers {
  const devices = Object.entries(deviceCalls).map(([name, [cells, results]]) => [
    name,
    { arguments: cells, results, run: noDevice },
  ]);
  return counted({
    // The entries come from a record of the same keys.
    ...(Object.fromEntries(devices) as Record<string, RtasRow>),
    'read-pci-config': {
      arguments: 2,
      results: 2,
      run: (call) => {
        const size = call.argument(1);
        if (!accessSizes.has(size)) return rtasStatus.PARAMETER;
        call.setResult(1, nothing(size));
        return rtasStatus.SUCCESS;
      },
    },
    'ibm,read-pci-config': {
      arguments: 4,
      results: 2,
      run: (call) => {
        const size = call.argument(3);
        if (!isHost(call.argument(1), call.argument(2)) || !accessSizes.has(size)) return rtasStatus.PARAMETER;
        call.setResult(1, nothing(size));
        return rtasStatus.SUCCESS;
      },
    },
    'write-pci-config': {
      arguments: 3,
      results: 1,
      run: (call) => (accessSizes.has(call.argument(1)) ? rtasStatus.SUCCESS : rtasStatus.PARAMETER),
    },
    'ibm,write-pci-config': {
      arguments: 5,
      results: 1,
      run: (call) =>
        isHost(call.argument(1), call.argument(2)) && accessSizes.has(call.argument(3))
          ? rtasStatus.SUCCESS
          : rtasStatus.PARAMETER,
    },
  });
}
