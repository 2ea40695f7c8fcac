package ai.djl.pytorch.engine;

import ai.djl.Device;

/** PyTorch's numbers of devices, with that of PrivateUse1 for a GPU. */
public final class PtDeviceType {

  private static final int CPU = 0;
  private static final int PRIVATE_USE_1 = 20;

  private PtDeviceType() {}

  public static int toDeviceType(Device device) {
    return device.isGpu() ? PRIVATE_USE_1 : CPU;
  }

  public static String fromDeviceType(int number) {
    return number == CPU ? Device.Type.CPU : Device.Type.GPU;
  }
}
