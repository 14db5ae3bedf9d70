#include "image/jpeg_source.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>  // jpeglib.h wants it before
#include <vector>

#include <jpeglib.h>

#include <jerror.h>

#include "image/crop_plan.h"
#include "image/pixel_rows.h"

namespace hailo_clip {
namespace {

// Real files have about ten; thousands of empty scans are a way to keep a decoder busy.
constexpr int kMaxScans = 100;

// How much larger than wanted a picture is still decoded, so that the resize after it has something to smooth. Measured
// by bench/jpeg_scaling.py.
constexpr int kSpareResolution = 2;

// What libjpeg's callbacks get at: plain data, since longjmp passes over it.
struct JpegState {
  jpeg_decompress_struct decoder;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf jump;
  const DecodeDeadline* deadline;
  bool timed_out;
  bool too_many_scans;
  bool cut_off;  // libjpeg made up an end marker
  bool damaged;  // a warning meant lost picture data
};

JpegState& StateOf(j_common_ptr info) { return *static_cast<JpegState*>(info->client_data); }

[[noreturn]] void OnError(j_common_ptr info) { std::longjmp(StateOf(info).jump, 1); }

// Warnings that leave the pixels as they were (unknown versions, extra bytes between markers) pass.
void OnMessage(j_common_ptr info, int level) {
  if (level >= 0) return;
  JpegState& state = StateOf(info);
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF: state.cut_off = true; break;
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_NOT_SEQUENTIAL: state.damaged = true; break;
    default: break;
  }
}

void OnProgress(j_common_ptr info) {
  JpegState& state = StateOf(info);
  state.timed_out = state.deadline->Passed();
  state.too_many_scans = state.decoder.input_scan_number > kMaxScans;
  if (state.timed_out || state.too_many_scans) OnError(info);
}

// setjmp's rule for each call below: no object with a destructor lives between it and libjpeg's calls.
class JpegSource final : public RowSource {
 public:
  explicit JpegSource(const DecodeDeadline& deadline) {
    state_ = {};
    state_.deadline = &deadline;
    state_.decoder.err = jpeg_std_error(&state_.errors);
    state_.errors.error_exit = OnError;
    state_.errors.emit_message = OnMessage;
    state_.decoder.client_data = &state_;
    state_.progress.progress_monitor = OnProgress;
  }
  ~JpegSource() override { jpeg_destroy_decompress(&state_.decoder); }

  [[nodiscard]] Status ReadHeader(std::span<const std::byte> bytes) {
    if (setjmp(state_.jump) != 0) return Failure();
    jpeg_create_decompress(&state_.decoder);
    state_.decoder.client_data = &state_;
    state_.decoder.progress = &state_.progress;
    jpeg_mem_src(&state_.decoder, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_read_header(&state_.decoder, TRUE);
    SetSize(static_cast<int>(state_.decoder.image_width), static_cast<int>(state_.decoder.image_height));
    return {};
  }

  void Turn(Orientation orientation) { SetOrientation(orientation); }

  // The other eighths that libjpeg knows have no vector code in it.
  void ScaleFor(const PreprocessSpec& spec) {
    const int shorter = std::min(width(), height());
    for (const int eighths : {4, 2, 1})
      if (ScaledLength(shorter, eighths) >= kSpareResolution * spec.resize_size) SetEighths(eighths);
    state_.decoder.scale_num = static_cast<unsigned>(eighths());
    state_.decoder.scale_denom = 8;
  }

  // Reads all scans of a file that has more than one.
  [[nodiscard]] Status Start() {
    const int channels = state_.decoder.num_components;
    if (channels != 1 && channels != 3 && channels != 4) {
      return Fail(ErrorCode::kUnsupported, "a JPEG with {} channels is not supported, only gray, colour and CMYK",
                  channels);
    }
    const bool cmyk = channels == 4;
    if (cmyk) cmyk_row_.resize(std::size_t{4} * ScaledLength(width(), eighths()));
    return StartDecoder(cmyk ? JCS_CMYK : JCS_RGB);
  }

  Status ReadRow(std::uint8_t* rgb) override {
    const bool cmyk = !cmyk_row_.empty();
    HC_TRY(ReadScanline(cmyk ? cmyk_row_.data() : rgb));
    if (cmyk) InvertedCmykToRgb(cmyk_row_, rgb);
    return {};
  }

  // libjpeg does not look at rows that are skipped up to the end; so the last one is read.
  Status SkipRows(int rows) override {
    if (rows == 0) return {};
    const bool to_the_end =
        state_.decoder.output_scanline + static_cast<JDIMENSION>(rows) == state_.decoder.output_height;
    HC_TRY(SkipScanlines(static_cast<JDIMENSION>(to_the_end ? rows - 1 : rows)));
    if (!to_the_end) return {};
    std::vector<std::uint8_t> unwanted(std::size_t{4} * ScaledLength(width(), eighths()));
    return ReadScanline(unwanted.data());
  }

 private:
  [[nodiscard]] Status StartDecoder(J_COLOR_SPACE color_space) {
    if (setjmp(state_.jump) != 0) return Failure();
    state_.decoder.out_color_space = color_space;
    jpeg_start_decompress(&state_.decoder);
    if (state_.cut_off && jpeg_has_multiple_scans(&state_.decoder) != FALSE && !AllScansArrived()) {
      state_.damaged = true;
    }
    return CheckDamage();
  }

  [[nodiscard]] Status ReadScanline(std::uint8_t* row) {
    if (setjmp(state_.jump) != 0) return Failure();
    JSAMPROW rows[] = {row};
    jpeg_read_scanlines(&state_.decoder, rows, 1);
    return CheckDamage();
  }

  [[nodiscard]] Status SkipScanlines(JDIMENSION rows) {
    if (setjmp(state_.jump) != 0) return Failure();
    if (rows > 0) jpeg_skip_scanlines(&state_.decoder, rows);
    return CheckDamage();
  }

  // Of a progressive file: every coefficient is known to its last bit (ITU T.81 section G.1.2).
  [[nodiscard]] bool AllScansArrived() const {
    if (state_.decoder.coef_bits == nullptr) return false;
    for (int component = 0; component < state_.decoder.num_components; ++component) {
      for (int coefficient = 0; coefficient < DCTSIZE2; ++coefficient) {
        if (state_.decoder.coef_bits[component][coefficient] != 0) return false;
      }
    }
    return true;
  }

  // The arithmetic decoder never warns: by the standard, zeros follow the end of a scan without limit.
  [[nodiscard]] Status CheckDamage() const {
    const bool ran_dry = state_.cut_off && state_.decoder.arith_code != FALSE;
    if (!state_.damaged && !ran_dry) return {};
    return Fail(ErrorCode::kInvalidArgument, "the JPEG data is cut off or damaged");
  }

  [[nodiscard]] std::unexpected<Error> Failure() {
    if (state_.timed_out) return state_.deadline->Failure();
    if (state_.too_many_scans) {
      return Fail(ErrorCode::kTooLarge, "the progressive JPEG has more than the limit of {} scans", kMaxScans);
    }
    char message[JMSG_LENGTH_MAX] = {};
    const auto info = reinterpret_cast<j_common_ptr>(&state_.decoder);
    state_.errors.format_message(info, message);
    switch (state_.errors.msg_code) {
      case JERR_SOF_UNSUPPORTED:
      case JERR_BAD_PRECISION:
      case JERR_CONVERSION_NOTIMPL:
      case JERR_NOT_COMPILED:
        return Fail(ErrorCode::kUnsupported,
                    "this kind of JPEG is not supported, only 8-bit baseline and progressive ({})", message);
      case JERR_OUT_OF_MEMORY: return Fail(ErrorCode::kOutOfMemory, "not enough memory to decode the JPEG");
      case JERR_EMPTY_IMAGE: return Fail(ErrorCode::kInvalidArgument, "the JPEG says that it has no pixels");
      default: return Fail(ErrorCode::kInvalidArgument, "the JPEG data is cut off or damaged ({})", message);
    }
  }

  JpegState state_;
  std::vector<std::uint8_t> cmyk_row_;  // empty unless the file is CMYK
};

}  // namespace

Result<std::unique_ptr<RowSource>> OpenJpeg(std::span<const std::byte> bytes, const PreprocessSpec& spec,
                                            const DecodeOptions& options, const DecodeDeadline& deadline) {
  auto source = std::make_unique<JpegSource>(deadline);
  HC_TRY(source->ReadHeader(bytes));
  HC_TRY(CheckPictureSize(source->width(), source->height(), options));
  if (options.apply_orientation) source->Turn(OrientationFromExif(ReadExifOrientation(bytes, PictureFormat::kJpeg)));
  if (options.scaled_jpeg) source->ScaleFor(spec);
  HC_TRY(source->Start());
  return source;
}

}  // namespace hailo_clip
