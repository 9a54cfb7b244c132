// Our changes to @tensorflow/tfjs-node 4.22.0, as exact replacements: unknown source is refused, not guessed at.

/**
 * @typedef {{ find: string, replace: string }} Edit exactly one occurrence of `find`
 * @typedef {{ file: string, why: string, edits: Edit[] }} SourcePatch file: path inside the package
 */

/** @type {SourcePatch} */
export const COPY_TENSORS_PATCH = {
  file: 'binding/tfjs_backend.cc',
  why:
    'The stock binding lends V8 memory to TensorFlow. A session variable can keep it, and a TensorFlow thread then ' +
    'releases it behind V8, which corrupts the heap (4 of 11 runs crashed). Copying costs 1.4 ms per 64 MB.',
  edits: [
    {
      find: `// Callback to cleanup extra reference count for shared V8/TF tensor memory:
static void DeallocTensor(void *data, size_t len, void *arg) {
  NapiAutoRef *auto_ref = static_cast<NapiAutoRef *>(arg);
  if (!auto_ref) {
#if DEBUG
    fprintf(stderr, "Invalid NapiAutoRef reference passed to V8 cleanup\\n");
#endif
    return;
  }
  if (auto_ref->Cleanup() != napi_ok) {
#if DEBUG
    fprintf(stderr, "Exception cleaning up napi_ref instance\\n");
#endif
  }
  delete auto_ref;
}

// Creates a TFE_TensorHandle from a JS typed array.`,
      replace: '// Creates a TFE_TensorHandle from a JS typed array.',
    },
    {
      find: `  // Sharing V8 memory with the underlying TensorFlow tensor requires adding an
  // additional refcount. When the Tensor is deleted, the refcount will be
  // reduced in the callback helper.
  NapiAutoRef *auto_ref = new NapiAutoRef();
  nstatus = auto_ref->Init(env, array_value);
  if (nstatus != napi_ok) {
    delete auto_ref;
  }
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);

`,
      replace: '',
    },
    {
      find: `  TF_AutoTensor tensor(TF_NewTensor(dtype, shape, shape_length, array_data,
                                    byte_size, DeallocTensor, auto_ref));
`,
      replace: `  // Always copy: a TF buffer that aliases V8 memory may outlive this call inside
  // a session (variable, queue) and be released on a TF thread, where
  // napi_delete_reference() corrupts the heap. Copying also keeps all V8
  // backing stores V8-owned (Electron memory cage).
  TF_AutoTensor tensor(
      TF_AllocateTensor(dtype, shape, shape_length, byte_size));
  memcpy(TF_TensorData(tensor.tensor), array_data, byte_size);
`,
    },
    {
      find: `  if (TF_GetCode(tf_status.status) != TF_OK) {
    delete auto_ref;
    TFE_DeleteTensorHandle(tfe_tensor_handle);`,
      replace: `  if (TF_GetCode(tf_status.status) != TF_OK) {
    TFE_DeleteTensorHandle(tfe_tensor_handle);`,
    },
  ],
};

const UTIL_EDIT = {
  find: 'var util_1 = require("util");',
  replace: 'var util_1 = { isNullOrUndefined: function (value) { return value == null; }, isArray: Array.isArray };',
};
const WHY_UTIL = 'util.isNullOrUndefined and util.isArray are gone from Node 23 on, so from Electron 37 on.';

/** @type {SourcePatch[]} */
export const NODE_23_PATCHES = ['dist/nodejs_kernel_backend.js', 'dist/kernels/TopK.js'].map((file) => ({ file, why: WHY_UTIL, edits: [UTIL_EDIT] }));
