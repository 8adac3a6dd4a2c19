// The interrupt controller's node, in the form of the active controller. (specification section 6.2)
import { cells, cells64, empty, strings } from '../fdt/property-value.ts';
import { DeviceNode } from '../fdt/tree.ts';
import { interruptControllerPhandle, type TreeInputs } from './tree-inputs.ts';

/** The thread interrupt management area: four 64 KiB pages, of which a guest gets the user's and the system's. */
const tima = 0x6_0302_0318_0000n;
const pageBytes = 0x1_0000n;
const userPage = tima + 3n * pageBytes;
const systemPage = tima + 2n * pageBytes;
/** log2 of the only event-queue size. */
const queueShift = 16;

export function interruptControllerNode({ environment, negotiated }: TreeInputs): DeviceNode {
  const common = {
    'interrupt-controller': empty,
    '#interrupt-cells': cells(2),
    'linux,phandle': cells(interruptControllerPhandle),
    phandle: cells(interruptControllerPhandle),
  };
  const { servers } = environment.smp;
  if (negotiated.interruptMode === 'xics') {
    return new DeviceNode('interrupt-controller', {
      device_type: strings('PowerPC-External-Interrupt-Presentation'),
      compatible: strings('IBM,ppc-xicp'),
      'ibm,interrupt-server-ranges': cells(0, servers),
      ...common,
    });
  }
  return new DeviceNode(`interrupt-controller@${userPage.toString(16)}`, {
    device_type: strings('power-ivpe'),
    compatible: strings('ibm,power-ivpe'),
    reg: cells(...[userPage, systemPage].flatMap((page): number[] => [...cells64(page), ...cells64(pageBytes)])),
    'ibm,xive-eq-sizes': cells(queueShift),
    'ibm,xive-lisn-ranges': cells(0, servers),
    ...common,
  });
}
