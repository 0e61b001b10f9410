/// Where the store is when nobody says otherwise.
package enum StorePlace {
    /// `BERTH_STORE`, else `berth.sqlite` in `BERTH_HOME`, else `berth/berth.sqlite` in `XDG_DATA_HOME` or
    /// `~/.local/share`.
    ///
    /// `home` is the folder of whoever runs the program.
    package static func path(_ environment: [String: String], home: String) -> String {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        if let path = value("BERTH_STORE") { return path }
        if let folder = value("BERTH_HOME") { return folder + "/berth.sqlite" }
        // The XDG specification has relative paths ignored.
        let data = value("XDG_DATA_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (data ?? (value("HOME") ?? home) + "/.local/share") + "/berth/berth.sqlite"
    }
}
