//! Codes of the `texture` area.

codes! {
    READ_FAILED = "texture.read_failed", Error,
        "A source file of the texture could not be read.",
        "Check that the file exists and may be read.";
    SOURCE_MISSING = "texture.source_missing", Error,
        "The job names nothing to cook.",
        "Give the job a source file.";
    DESC_INVALID = "texture.desc_invalid", Error,
        "The settings of the texture contradict each other or the image.",
        "Change the settings that the message names.";
    COOK_FAILED = "texture.cook_failed", Error,
        "The texture could not be cooked.",
        "See the message; the settings or the image must change.";
    HDR_NEEDS_FLOAT = "texture.hdr_needs_float", Error,
        "The image holds light beyond 1.0, but the output format cannot.",
        "Choose a float output format, set `bake_hdr`, or set `hdr_handling` to `tonemap` or `keep`.";
    TOO_LARGE = "texture.too_large", Error,
        "The cooked texture does not fit the 32-bit sizes of the payload format.",
        "Use a smaller image or a smaller output format.";
    ENCODER_FAILED = "texture.encoder_failed", Error,
        "The block encoder refused a tile of the texture.",
        "Choose an uncompressed output format, and report the encoder that the message names.";
    PLACEHOLDER_USED = "texture.placeholder_used", Warning,
        "The texture failed and the fallback texture takes its place.",
        "Mend the failure that is reported with it.";
    CUBEMAP_FACE_SIZE_INVALID = "texture.cubemap_face_size_invalid", Error,
        "The size of the faces of a cube is not a multiple of 256.",
        "Choose a multiple of 256, or leave the size out.";
    CUBEMAP_FACES_MISSING = "texture.cubemap_faces_missing", Error,
        "A cube is asked for, but there is nothing to make its six faces of.",
        "Put six files beside each other that end in _px, _nx, _py, _ny, _pz, _nz (or _posx.., or _right, _left, _top, _bottom, _front, _back), or give a panorama, strip or cross.";
    PASSED_THROUGH = "texture.passed_through", Info,
        "The texture was stored in its own format, without decoding it.",
        "Name an output format to have it decoded and cooked.";
    NEGATIVE_LIGHT = "texture.negative_light", Warning,
        "The image holds light below zero, which the output format cannot; it became zero.",
        "Use `rgba16f` if negative values matter.";
    ALPHA_DROPPED = "texture.alpha_dropped", Warning,
        "The image has alpha, but the output format does not store it.",
        "Use `bc3`, `bc7` or an uncompressed format if alpha matters.";
    COOKED_AGAIN = "texture.cooked_again", Info,
        "The texture was unpacked and cooked again, because it is not what was asked for.",
        "Name no format and no change, or store the texture with all of its levels, to have it kept as it is.";
    IMAGE_UNKNOWN_FORMAT = "texture.image.unknown_format", Error,
        "The content is of no known image format.",
        "Use PNG, JPEG, TGA, BMP, GIF, WebP, QOI, TIFF, PNM, Photoshop, Radiance HDR, OpenEXR, DDS or KTX2; the extension does not matter, the content does.";
    IMAGE_UNSUPPORTED = "texture.image.unsupported", Error,
        "The image uses a format or feature that is not read.",
        "Save the image again without that feature, or in another format: PNG for pictures, OpenEXR for light.";
    IMAGE_CORRUPT = "texture.image.corrupt", Error,
        "The image contradicts its own format.",
        "Export the image again, or restore it from a backup.";
    IMAGE_TRUNCATED = "texture.image.truncated", Error,
        "The image ends too early.",
        "Copy or download the file again; a part of it is missing.";
    IMAGE_TOO_LARGE = "texture.image.too_large", Error,
        "The image is larger than the limits allow.",
        "Scale the image down, or raise the image limits in the settings.";
    IMAGE_OUT_OF_MEMORY = "texture.image.out_of_memory", Error,
        "The system did not give enough memory to decode the image.",
        "Close other programs, lower the memory budget, or scale the image down.";
    IMAGE_DECODER_FAILED = "texture.image.decoder_failed", Error,
        "The image decoder panicked; the panic was caught.",
        "The file is most likely corrupt: export it again, and report the file with the message.";
    IMAGE_WRONG_EXTENSION = "texture.image.wrong_extension", Warning,
        "The name of the file says another format than its content; the content was believed.",
        "Rename the file.";
    IMAGE_NON_FINITE = "texture.image.non_finite", Warning,
        "The image holds values that are infinite or not a number; they were replaced.",
        "Look for divisions by zero in the renderer that made the image.";
    IMAGE_CMYK = "texture.image.cmyk", Warning,
        "The image is CMYK and was converted to RGB without its colour profile.",
        "Convert the image to sRGB in an image editor to get exact colours.";
    IMAGE_ANIMATED = "texture.image.animated", Info,
        "The image is an animation; only its first picture is read.",
        "Save the picture that is wanted in a file of its own.";
    IMAGE_PREMULTIPLIED = "texture.image.premultiplied", Warning,
        "The file says that its colour is premultiplied by alpha; it is taken as it is.",
        "Save the texture with straight alpha, or blend it as premultiplied colour.";
    IMAGE_ALPHA_IGNORED = "texture.image.alpha_ignored", Info,
        "The image declares no use of its fourth channel, which is zero everywhere; it is taken as opaque.",
        "Save the image without the channel, or with a declared alpha channel.";
    HALF_RANGE = "texture.half_range", Warning,
        "The image holds values beyond 65504, the largest half float; they were limited.",
        "Use `rgba32f` if the exact values matter.";
}
