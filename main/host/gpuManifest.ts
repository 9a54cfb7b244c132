/** The CUDA build of TensorFlow and what it needs of NVIDIA, as published wheels; hashes as scripts/setup/pins.mjs has them. */

/** One wheel: where its files go is said by their names inside. */
export interface RuntimePart {
  /** As pip reads it; also how to get it. */
  readonly requirement: string;
  readonly sha256: string;
}

export interface RuntimeManifest {
  /** Name of its folder. */
  readonly id: string;
  readonly title: string;
  readonly platform: `${NodeJS.Platform}-${NodeJS.Architecture}`;
  readonly parts: readonly RuntimePart[];
}

export const GPU_RUNTIME: RuntimeManifest = {
  id: 'tensorflow-2.21.0-cuda12',
  title: 'TensorFlow 2.21.0 for CUDA 12',
  platform: 'linux-x64',
  parts: [
    { requirement: 'tensorflow==2.21.0', sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124' },
    { requirement: 'nvidia-cublas-cu12==12.9.3.13', sha256: 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72' },
    { requirement: 'nvidia-cuda-cupti-cu12==12.8.90', sha256: 'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182' },
    { requirement: 'nvidia-cuda-nvcc-cu12==12.9.86', sha256: '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0' },
    { requirement: 'nvidia-cuda-nvrtc-cu12==12.9.86', sha256: '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4' },
    { requirement: 'nvidia-cuda-runtime-cu12==12.9.79', sha256: '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3' },
    { requirement: 'nvidia-cudnn-cu12==9.28.0.42', sha256: '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375' },
    { requirement: 'nvidia-cufft-cu12==11.4.1.4', sha256: 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28' },
    { requirement: 'nvidia-curand-cu12==10.3.10.19', sha256: '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e' },
    { requirement: 'nvidia-cusolver-cu12==11.7.5.82', sha256: '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88' },
    { requirement: 'nvidia-cusparse-cu12==12.5.10.65', sha256: '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78' },
    { requirement: 'nvidia-nccl-cu12==2.32.3', sha256: 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c' },
    { requirement: 'nvidia-nvjitlink-cu12==12.9.86', sha256: 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9' },
  ],
};
