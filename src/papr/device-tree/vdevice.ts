// /vdevice: the console and the NVRAM. (PAPR, "virtual I/O")
import { cells, empty, strings } from '../fdt/property-value.ts';
import { DeviceNode } from '../fdt/tree.ts';
import type { TreeInputs } from './tree-inputs.ts';

/** Unit addresses. */
export const vtyUnit = 0x7100_0000;
export const nvramUnit = 0x7100_0001;
/** Path of the console. */
export const consolePath = `/vdevice/vty@${vtyUnit.toString(16)}`;
/** Bytes of the NVRAM. */
export const nvramBytes = 0x1_0000;

export function vdeviceNode({ environment }: TreeInputs): DeviceNode {
  const { vio } = environment.interruptRanges;
  return new DeviceNode('vdevice', {
    device_type: strings('vdevice'),
    compatible: strings('IBM,vdevice'),
    '#address-cells': cells(1),
    '#size-cells': cells(0),
    '#interrupt-cells': cells(2),
    'interrupt-controller': empty,
  }).add(
    new DeviceNode(`vty@${vtyUnit.toString(16)}`, {
      reg: cells(vtyUnit),
      device_type: strings('serial'),
      compatible: strings('hvterm1'),
      interrupts: cells(vio, 0),
    }),
    new DeviceNode(`nvram@${nvramUnit.toString(16)}`, {
      reg: cells(nvramUnit),
      device_type: strings('nvram'),
      compatible: strings('qemu,spapr-nvram'),
      interrupts: cells(vio + 1, 0),
      '#bytes': cells(nvramBytes),
    }),
  );
}
