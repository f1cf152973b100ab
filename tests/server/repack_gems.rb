# What a mirror of RubyGems has, of the distribution's gems: an index, and a .gem file of each.
require "fileutils"
require "rubygems/package"
require "tmpdir"

TARGET = ARGV.fetch(0)
PLACES = "/usr/{share/rubygems-integration/*,lib/*/rubygems-integration/*,lib/ruby/gems/*}".freeze
LIBRARIES = { %r{\A/usr/lib/ruby/vendor_ruby/} => "lib/", %r{\A/usr/lib/[^/]+/ruby/vendor_ruby/[\d.]+/} => "lib/" }.freeze

# The files of the gem's package, each with the name that it has inside the gem.
def files_of(path, spec)
  package = IO.popen(["dpkg", "-S", path], &:read)[/\A[^:, ]+/]
  top, name = [File.dirname(path, 2), spec.full_name].map { |text| Regexp.escape(text) }
  own = { %r{\A#{top}/gems/#{name}/} => "", %r{\A#{top}/extensions/[^/]+/[^/]+/#{name}/} => "lib/" }
  places = { **own, **LIBRARIES, %r{\A/usr/bin/} => "#{spec.bindir}/" }
  IO.popen(["dpkg", "-L", package], &:readlines).map(&:chomp).select { |file| File.file?(file) }.filter_map do |file|
    root, folder = places.find { |pattern, _| pattern.match?(file) }
    [file, folder + file.sub(root, "")] if root
  end
end

FileUtils.mkdir_p("#{TARGET}/gems")
Dir["#{PLACES}/specifications/*.gemspec"].each do |path|
  spec = Gem::Specification.load(path).dup
  Dir.mktmpdir do |folder|
    files_of(path, spec).each do |file, name|
      FileUtils.mkdir_p(File.dirname("#{folder}/#{name}"))
      FileUtils.cp(file, "#{folder}/#{name}")
    end
    Dir.chdir(folder) do
      spec.files = Dir["**/*"].select { |file| File.file?(file) }
      spec.executables = spec.executables.select { |name| File.file?("#{spec.bindir}/#{name}") }
      spec.extensions = spec.extra_rdoc_files = spec.test_files = [] # what had to be compiled is
      FileUtils.mv(Gem::Package.build(spec, true), "#{TARGET}/gems")
    end
  end
end
system("gem", "generate_index", "--directory", TARGET, exception: true)
