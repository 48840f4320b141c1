"""What will run on a device: any ONNX file to C, sized before it is compiled, and proved on an emulated core."""
